/** One problem of a command: where it is, and what to do about it. Never has the bad value itself. */
export interface Issue {
  /** The field, with its position in a list: `content`, `to[2]`, `to[2].orderId`. */
  readonly field: string;
  /** The rest of a sentence that starts with the field: `must not be empty`. */
  readonly problem: string;
}

/** Writes an issue as a sentence: `content must not be empty`. */
export function describeIssue(issue: Issue): string {
  return `${issue.field} ${issue.problem}`;
}

/** Writes the first three issues in one line, and how many more there are. */
export function describeIssues(issues: readonly Issue[]): string {
  const shown = issues.slice(0, 3).map(describeIssue).join('; ');
  return issues.length > 3 ? `${shown}; and ${issues.length - 3} more` : shown;
}
