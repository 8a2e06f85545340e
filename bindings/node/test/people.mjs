// Whom the campaigns of the tests are for.

export const [page, other] = ['100000000000001', '100000000000002'];
export const tokens = { [page]: 'token-1', [other]: 'token-2' };

export const people = (count, of = page) =>
  Array.from({ length: count }, (_, n) => ({
    psid: `${of.at(-1)}${String(n).padStart(15, '0')}`,
    key: `${of}-${n}`,
    page: of,
    name: `N${n}`,
  }));
