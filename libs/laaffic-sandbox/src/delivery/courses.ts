import type { CompiledFailure } from '../options/compile-failures.js';
import type { Resolved } from '../options/resolve-settings.js';
import type { Course } from './delivery.js';

export const undelivered = 'UNDELIV';

/** Finds the course of each message of one content. */
export class Courses {
  private readonly failures: readonly CompiledFailure[];
  private readonly usual: Course;
  private readonly triggers: boolean;

  constructor(
    private readonly at: number,
    content: string,
    private readonly resolved: Resolved,
  ) {
    this.triggers = resolved.settings.triggers;
    this.failures = resolved.failures.filter((failure) => failure.content?.test(content) ?? true);
    this.usual = this.course(this.triggers && content.includes('[deliver:failed]') ? undelivered : null);
  }

  of(number: string): Course {
    const failure = this.failures.find((candidate) => candidate.number?.test(number) ?? true);
    if (failure !== undefined) return this.course(failure.reason);
    return this.triggers && number.startsWith('99911') ? this.course(undelivered) : this.usual;
  }

  private course(failure: string | null): Course {
    const { queuedFor, deliveredAfter } = this.resolved.settings;
    return { queuedUntil: this.at + queuedFor, doneAt: this.at + (deliveredAfter ?? Infinity), failure };
  }
}
