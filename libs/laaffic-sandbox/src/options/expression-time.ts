import { createContext, Script, type Context } from 'node:vm';

/** Milliseconds that the expressions of one call may take together. */
const most = 500;

/** Without repetition and choice an expression has one way to match from each place of a text. */
const straight = /^[^*+?{|]*$/;

/** Thrown for expressions that try more ways to match than there is time for. */
export class SlowExpressionError extends Error {
  override readonly name = 'SlowExpressionError';
}

/**
 * The time that expressions have to match what is sent in one call. A context of its own can be stopped in the middle
 * of an expression; nothing else in JavaScript can.
 */
export class ExpressionTime {
  private static room: Context | undefined;
  private static readonly search = new Script('found = texts.filter((text) => expression.test(text))');

  private left = most;

  /**
   * The texts that the expression matches.
   * @throws {SlowExpressionError} when the time is over.
   */
  matching(expression: RegExp, texts: readonly string[]): readonly string[] {
    if (straight.test(expression.source)) return texts.filter((text) => expression.test(text));
    const room = (ExpressionTime.room ??= createContext({}));
    const start = performance.now();
    Object.assign(room, { expression, texts });
    try {
      if (this.left < 1) throw new Error('no time is left');
      ExpressionTime.search.runInContext(room, { timeout: Math.floor(this.left) });
      return [...(room['found'] as readonly string[])];
    } catch (cause) {
      throw new SlowExpressionError(
        `the expressions of rules and failures took longer than ${most} ms, the last of them /${expression.source}/`,
        { cause },
      );
    } finally {
      this.left -= performance.now() - start;
      Object.assign(room, { expression: undefined, texts: undefined, found: undefined });
    }
  }
}
