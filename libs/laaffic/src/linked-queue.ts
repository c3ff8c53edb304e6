/** An item and its neighbours in a queue. */
export interface QueueNode<T> {
  readonly item: T;
  previous: QueueNode<T> | undefined;
  next: QueueNode<T> | undefined;
}

/** A first-in, first-out queue. Any item can be removed from anywhere, however long the queue is. */
export class LinkedQueue<T> {
  #first: QueueNode<T> | undefined;
  #last: QueueNode<T> | undefined;

  get first(): T | undefined {
    return this.#first?.item;
  }

  add(item: T): QueueNode<T> {
    const node: QueueNode<T> = { item, previous: this.#last, next: undefined };
    if (this.#last === undefined) this.#first = node;
    else this.#last.next = node;
    this.#last = node;
    return node;
  }

  /** @param node a node of this queue that was not removed before. */
  remove({ previous, next }: QueueNode<T>): void {
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
  }
}
