/**
 * Remembers which handler has succeeded for which push; also the token under which the module's own
 * store can be injected. A method may throw or reject: then the push is answered with 500 if it was
 * `isDone`, and counts as succeeded but is not remembered if it was `markDone`.
 */
export abstract class PushStore {
  /** Whether `markDone` was called with the key not longer ago than the window. Keys hold no number and no content. */
  abstract isDone(key: string): boolean | Promise<boolean>;

  /** @param window for how many milliseconds the key has to be remembered. */
  abstract markDone(key: string, window: number): unknown;
}
