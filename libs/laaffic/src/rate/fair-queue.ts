import { LinkedQueue, type QueueNode } from '../linked-queue.js';

/** A queue for each caller. The callers are served in turn, one item each. */
export class FairQueue<T> {
  readonly #callers = new Map<object, Caller<T>>();
  readonly #turns = new LinkedQueue<Caller<T>>();

  get first(): T | undefined {
    return this.#turns.first?.queue.first;
  }

  add(identity: object, item: T): FairQueueEntry<T> {
    let caller = this.#callers.get(identity);
    if (caller === undefined) this.#callers.set(identity, (caller = new Caller(identity, this.#turns)));
    return { caller, node: caller.queue.add(item) };
  }

  /** Removes an item that was not served. Its caller keeps its turn. */
  remove({ caller, node }: FairQueueEntry<T>): void {
    caller.queue.remove(node);
    if (caller.queue.first !== undefined) return;
    this.#turns.remove(caller.node);
    this.#callers.delete(caller.identity);
  }

  /** Removes an item that was served. The other callers come first now. */
  serve(entry: FairQueueEntry<T>): void {
    this.remove(entry);
    const { caller } = entry;
    if (caller.queue.first === undefined) return;
    this.#turns.remove(caller.node);
    caller.node = this.#turns.add(caller);
  }
}

/** The place of an item in the queue of its caller. */
export interface FairQueueEntry<T> {
  readonly caller: Caller<T>;
  readonly node: QueueNode<T>;
}

class Caller<T> {
  readonly queue = new LinkedQueue<T>();
  node: QueueNode<Caller<T>>;

  constructor(
    readonly identity: object,
    turns: LinkedQueue<Caller<T>>,
  ) {
    this.node = turns.add(this);
  }
}
