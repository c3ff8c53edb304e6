/** Says what kind of mistake a {@link SandboxError} reports. */
export type SandboxErrorCode =
  | 'INVALID_OPTION'
  | 'INVALID_SCRIPT'
  | 'SCRIPT_NOT_DONE'
  | 'PORT_TAKEN'
  | 'LISTEN_FAILED'
  | 'INVALID_ARGUMENT';

/** Thrown when the sandbox is used wrongly. HTTP clients never cause it: they get a response. */
export class SandboxError extends Error {
  override readonly name = 'SandboxError';

  constructor(
    readonly code: SandboxErrorCode,
    message: string,
    /** The option, script field or argument that is wrong, if there is one. */
    readonly field?: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
