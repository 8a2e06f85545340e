import { invalidArgument } from './error.cjs';

/** What can be iterated, promises of items included. */
export type Items<T> = Iterable<T | PromiseLike<T>> | AsyncIterable<T>;

/** An iterator that may do anything, but nothing of it while it is closed or taken from. */
export class Source<T> {
  /** Whether it is being taken from. */
  taking = false;
  readonly #iterator: Iterator<T | PromiseLike<T>> | AsyncIterator<T>;
  /** Nothing comes any more; why, if it failed. */
  #end: { failed?: unknown } | undefined;
  /** It said so itself, and needn't be told. */
  #over = false;

  /** Throws `invalid_argument` for what can't be iterated. */
  constructor(items: Items<T>) {
    const given: any = items ?? {};
    const iterate = given[Symbol.asyncIterator] ?? given[Symbol.iterator];
    if (typeof iterate !== 'function') {
      throw invalidArgument('items must be iterable, asynchronously or not');
    }
    this.#iterator = iterate.call(given);
    if (typeof this.#iterator?.next !== 'function') {
      throw invalidArgument('items must give an iterator, which has a method next');
    }
  }

  get ended(): boolean {
    return this.#end !== undefined;
  }

  /** The next item, unless there is none any more. */
  async take(): Promise<{ item: T } | undefined> {
    this.taking = true;
    try {
      this.#over = true;
      const next = await this.#iterator.next();
      if (Object(next) !== next) throw invalidArgument('items must give an object for each item');
      if (next.done !== true) {
        this.#over = false;
        return { item: await next.value };
      }
      this.#end = {};
    } catch (failed) {
      this.#end = { failed };
    } finally {
      this.taking = false;
    }
    return undefined;
  }

  /** Throws what it failed with. */
  check(): void {
    if (this.#end !== undefined && 'failed' in this.#end) throw this.#end.failed;
  }

  /** Tells it that nothing more is wanted, and waits for its answer if that may be. */
  async close(mayWait: boolean): Promise<void> {
    if (this.#over && !this.taking) return;
    const returned = (async () => this.#iterator.return?.())();
    // While it is taken from, it would answer only after that. What it failed with tells more.
    if (mayWait && !this.taking && !this.ended) await returned;
    else returned.catch(() => {});
  }
}
