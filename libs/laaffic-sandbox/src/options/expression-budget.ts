import { createContext, Script, type Context } from 'node:vm';

/** Time that all expressions of one call may take together. */
const TIME_LIMIT_MS = 500;

/** Without repetition and choice, an expression has one way to match from each place in a text. */
const IS_STRAIGHT = /^[^*+?{|]*$/;

/** Thrown when the expressions of a call exceed their time. */
export class SlowExpressionError extends Error {
  override readonly name = 'SlowExpressionError';
}

/**
 * The time that expressions have left to match one call. Expressions run in a context of their own, because nothing else
 * in JavaScript can stop one in the middle.
 */
export class ExpressionBudget {
  static #context: Context | undefined;
  static readonly #search = new Script('found = texts.filter((text) => expression.test(text))');

  #leftMs = TIME_LIMIT_MS;

  /**
   * Returns the texts that the expression matches.
   * @throws {SlowExpressionError} if the time is used up.
   */
  matching(expression: RegExp, texts: readonly string[]): readonly string[] {
    if (IS_STRAIGHT.test(expression.source)) return texts.filter((text) => expression.test(text));
    const context = (ExpressionBudget.#context ??= createContext({}));
    const start = performance.now();
    Object.assign(context, { expression, texts });
    try {
      if (this.#leftMs < 1) throw new Error('no time left');
      ExpressionBudget.#search.runInContext(context, { timeout: Math.floor(this.#leftMs) });
      return [...(context['found'] as readonly string[])];
    } catch (cause) {
      throw new SlowExpressionError(
        `the expressions of the rules took longer than ${TIME_LIMIT_MS} ms, the last one was /${expression.source}/`,
        { cause },
      );
    } finally {
      this.#leftMs -= performance.now() - start;
      Object.assign(context, { expression: undefined, texts: undefined, found: undefined });
    }
  }
}
