import type { CompiledFailureRule } from '../../options/compile-rules.js';
import type { ExpressionBudget } from '../../options/expression-budget.js';
import type { ResolvedSettings } from '../../options/resolve-settings.js';
import type { DeliveryPlan } from './delivery.js';

export const UNDELIVERED = 'UNDELIV';

/** A failure rule with the numbers and contents of one call that it matches. `undefined` matches everything. */
export interface MatchedFailureRule {
  readonly reason: string;
  readonly numbers: ReadonlySet<string> | undefined;
  readonly contents: ReadonlySet<string> | undefined;
}

/**
 * Matches the failure rules against all messages of a call at once.
 * @throws {SlowExpressionError}
 */
export function matchFailureRules(
  rules: readonly CompiledFailureRule[],
  numbers: readonly string[],
  contents: readonly string[],
  budget: ExpressionBudget,
): MatchedFailureRule[] {
  return rules.map(({ number, content, reason }) => ({
    reason,
    numbers: number?.matching(numbers, budget),
    contents: content?.matching(contents, budget),
  }));
}

/** Plans the delivery of the messages of one content. */
export class DeliveryPlans {
  readonly #rules: readonly MatchedFailureRule[];
  readonly #defaultPlan: DeliveryPlan;
  readonly #hasTriggers: boolean;

  constructor(
    private readonly at: number,
    content: string,
    rules: readonly MatchedFailureRule[],
    private readonly resolved: ResolvedSettings,
  ) {
    this.#hasTriggers = resolved.settings.triggers;
    this.#rules = rules.filter(({ contents }) => contents?.has(content) ?? true);
    this.#defaultPlan = this.#plan(this.#hasTriggers && content.includes('[deliver:failed]') ? UNDELIVERED : undefined);
  }

  planFor(number: string): DeliveryPlan {
    const rule = this.#rules.find(({ numbers }) => numbers?.has(number) ?? true);
    if (rule !== undefined) return this.#plan(rule.reason);
    return this.#hasTriggers && number.startsWith('99911') ? this.#plan(UNDELIVERED) : this.#defaultPlan;
  }

  #plan(failure: string | undefined): DeliveryPlan {
    const { queuedForMs, deliveredAfterMs } = this.resolved.settings;
    return { queuedUntil: this.at + queuedForMs, doneAt: this.at + (deliveredAfterMs ?? Infinity), failure };
  }
}
