const FORM = 'postgres://user:password@host:5432/database';

/** Advice for a URL in which a part of the password was read as the host: one of these characters is not escaped. */
export const ESCAPES = 'In a user or password write @ as %40, : as %3A, / as %2F, ? as %3F, # as %23 and % as %25';

/**
 * The problem of a database URL, or `undefined`. It never repeats a part of the URL, because it is unclear which part is
 * the password.
 */
export function databaseUrlProblem(text: string): string | undefined {
  if (!/^postgres(ql)?:\/\//.test(text)) return `must be a URL: ${FORM}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isCut = url === undefined || url.hash !== '' || /@/.test(url.pathname + url.search) || /#$/.test(text);
  return isCut ? `must be a URL: ${FORM}. ${ESCAPES}` : undefined;
}
