/** An optional package is not installed. The message has the command that installs it. */
export class MissingPackageError extends Error {
  override readonly name = 'MissingPackageError';
  readonly code = 'LAAFFIC_MISSING_PACKAGE';

  /** @param need the start of the message: `CSV files need`. */
  constructor(
    readonly packageName: string,
    need: string,
    cause: unknown,
  ) {
    super(`${need} the package ${packageName}: npm install ${packageName}`, { cause });
  }
}

/**
 * Imports an optional package.
 * @param need the start of the message: `CSV files need`.
 * @throws {MissingPackageError} if it is not installed.
 * @example
 * const { parse } = await importOptional('csv-parse', 'CSV files need', () => import('csv-parse'));
 */
export async function importOptional<T>(packageName: string, need: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    const { code } = (cause ?? {}) as { code?: unknown };
    if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') throw cause;
    throw new MissingPackageError(packageName, need, cause);
  }
}
