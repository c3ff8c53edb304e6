import type { CompiledFailure } from '../options/compile-failures.js';
import type { ExpressionTime } from '../options/expression-time.js';
import type { Resolved } from '../options/resolve-settings.js';
import type { Course } from './delivery.js';

export const undelivered = 'UNDELIV';

/** A failure, and what of a call it matches; `null` is everything. */
export interface MatchedFailure {
  readonly reason: string;
  readonly numbers: ReadonlySet<string> | null;
  readonly contents: ReadonlySet<string> | null;
}

/** Looks through a whole call at once. @throws {SlowExpressionError} */
export function matchFailures(
  failures: readonly CompiledFailure[],
  numbers: readonly string[],
  contents: readonly string[],
  time: ExpressionTime,
): MatchedFailure[] {
  return failures.map(({ number, content, reason }) => ({
    reason,
    numbers: number?.among(numbers, time) ?? null,
    contents: content?.among(contents, time) ?? null,
  }));
}

/** Finds the course of each message of one content. */
export class Courses {
  private readonly failures: readonly MatchedFailure[];
  private readonly usual: Course;
  private readonly triggers: boolean;

  constructor(
    private readonly at: number,
    content: string,
    failures: readonly MatchedFailure[],
    private readonly resolved: Resolved,
  ) {
    this.triggers = resolved.settings.triggers;
    this.failures = failures.filter(({ contents }) => contents?.has(content) ?? true);
    this.usual = this.course(this.triggers && content.includes('[deliver:failed]') ? undelivered : null);
  }

  of(number: string): Course {
    const failure = this.failures.find(({ numbers }) => numbers?.has(number) ?? true);
    if (failure !== undefined) return this.course(failure.reason);
    return this.triggers && number.startsWith('99911') ? this.course(undelivered) : this.usual;
  }

  private course(failure: string | null): Course {
    const { queuedFor, deliveredAfter } = this.resolved.settings;
    return { queuedUntil: this.at + queuedFor, doneAt: this.at + (deliveredAfter ?? Infinity), failure };
  }
}
