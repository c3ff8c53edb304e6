const FORM = 'postgres://user:password@host:5432/database';

/** Where a part of a password ends up as the host, it is one of these that was not written so. */
export const ESCAPES = 'In a user or password write @ as %40, : as %3A, / as %2F, ? as %3F, # as %23 and % as %25';

/**
 * What is wrong with the URL of a database, or `undefined`. Never repeats any part of the URL: which part is the
 * password is the very question.
 */
export function databaseUrlProblem(text: string): string | undefined {
  if (!/^postgres(ql)?:\/\//.test(text)) return `must be a URL: ${FORM}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isCut = url === undefined || url.hash !== '' || /@/.test(url.pathname + url.search) || /#$/.test(text);
  return isCut ? `must be a URL: ${FORM}. ${ESCAPES}` : undefined;
}
