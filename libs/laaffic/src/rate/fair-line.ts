import { Line, type Place } from './line.js';

/** A line for each caller, and the callers served in turn. */
export class FairLine<T> {
  readonly #callers = new Map<object, Caller<T>>();
  readonly #round = new Line<Caller<T>>();

  get first(): T | undefined {
    return this.#round.first?.line.first;
  }

  join(identity: object, holder: T): Seat<T> {
    let caller = this.#callers.get(identity);
    if (caller === undefined) this.#callers.set(identity, (caller = new Caller(identity, this.#round)));
    return { caller, place: caller.line.join(holder) };
  }

  /** Leaves unserved: the caller stays where it is in the round. */
  leave({ caller, place }: Seat<T>): void {
    caller.line.leave(place);
    if (caller.line.first !== undefined) return;
    this.#round.leave(caller.place);
    this.#callers.delete(caller.identity);
  }

  /** Leaves served: the other callers come first now. */
  serve(seat: Seat<T>): void {
    this.leave(seat);
    const { caller } = seat;
    if (caller.line.first === undefined) return;
    this.#round.leave(caller.place);
    caller.place = this.#round.join(caller);
  }
}

/** Where somebody stands among those of the same caller. */
export interface Seat<T> {
  readonly caller: Caller<T>;
  readonly place: Place<T>;
}

class Caller<T> {
  readonly line = new Line<T>();
  place: Place<Caller<T>>;

  constructor(
    readonly identity: object,
    round: Line<Caller<T>>,
  ) {
    this.place = round.join(this);
  }
}
