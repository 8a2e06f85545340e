create schema if not exists callcta;

create table callcta.layout (
    version integer primary key,
    since timestamptz not null default now()
);

create table callcta.campaign (
    id integer generated always as identity primary key,
    name text not null unique,
    facts text not null,
    paused boolean not null default false,
    pace double precision
);

create table callcta.message (
    campaign integer not null references callcta.campaign on delete cascade,
    number bigint not null,
    json text not null,
    hash text not null,
    since timestamptz not null,
    primary key (campaign, number)
);

-- The lease of a Page is one for all campaigns: the pace belongs to the Page. The epoch
-- grows with each holder.
create table callcta.page (
    id integer generated always as identity primary key,
    page_id text not null unique,
    owner text,
    epoch bigint not null default 0,
    expires_at timestamptz
) with (fillfactor = 50);

-- How many rows a campaign has for a Page, whatever became of them.
create table callcta.share (
    campaign integer not null references callcta.campaign on delete cascade,
    page integer not null references callcta.page,
    rows bigint not null,
    primary key (campaign, page)
);

-- A row per recipient. States: 0 queued, 1 in flight, 2 sent, 3 rejected, 4 unknown,
-- 5 skipped, 6 assumed sent. It goes from 0 to 1 once, which is committed before the first
-- byte leaves, and back only by a proof that it was not sent, or by somebody's word.
create table callcta.recipient (
    id bigint generated always as identity primary key,
    campaign integer not null,
    page integer not null,
    line bigint not null,
    epoch bigint,
    claimed_at timestamptz,
    settled_at timestamptz,
    window_until timestamptz,
    message bigint not null default 1,
    code bigint,
    subcode bigint,
    attempts integer not null default 0,
    http_status integer,
    state smallint not null,
    key text not null,
    psid text not null,
    cells text not null,
    kind text not null default '',
    message_id text,
    trace_id text
) with (fillfactor = 85);

create unique index recipient_key on callcta.recipient (campaign, key);
create index recipient_queued on callcta.recipient (campaign, page, id) where state = 0;
create index recipient_in_flight on callcta.recipient (page) where state = 1;
create index recipient_other on callcta.recipient (campaign, page, state, kind) where state > 2;

-- Who runs a campaign, for those who share the Pages out and those who look.
create table callcta.worker (
    name text primary key,
    campaign integer not null references callcta.campaign on delete cascade,
    host text not null,
    pid integer not null,
    since timestamptz not null default clock_timestamp(),
    expires_at timestamptz not null,
    settled bigint not null default 0,
    -- Whether it has nothing to do, and stays for what others may leave.
    waiting boolean not null default false
) with (fillfactor = 50);

create table callcta.decision (
    campaign integer not null references callcta.campaign on delete cascade,
    at timestamptz not null,
    who text not null,
    what text not null,
    rows bigint not null
);

-- Only the owner of a table may analyze it, and those who load aren't.
create function callcta.analyze() returns void
    language sql security definer set search_path = pg_catalog, pg_temp
    as 'analyze callcta.recipient, callcta.page, callcta.share';
revoke all on function callcta.analyze() from public;
