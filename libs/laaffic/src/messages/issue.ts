/** One thing wrong with a command: where, and what to do about it. Never holds the bad value itself. */
export interface Issue {
  /** The field, with its position in a list: `content`, `to[2]`, `to[2].orderId`. */
  readonly field: string;
  /** What is wrong, as the end of a sentence that starts with the field. */
  readonly problem: string;
}

/** As a sentence: `to[2] is not a phone number with country code`. */
export function describeIssue(issue: Issue): string {
  return `${issue.field} ${issue.problem}`;
}

/** The first few issues as one line, and how many more there are. */
export function describeIssues(issues: readonly Issue[]): string {
  const shown = issues.slice(0, 3).map(describeIssue).join('; ');
  return issues.length > 3 ? `${shown}; and ${issues.length - 3} more` : shown;
}
