export type SandboxErrorCode =
  | 'INVALID_OPTION'
  | 'INVALID_SCRIPT'
  | 'SCRIPT_NOT_DONE'
  | 'PORT_TAKEN'
  | 'LISTEN_FAILED'
  | 'INVALID_ARGUMENT';

/** Thrown by the sandbox for mistakes in how it is used; what it answers to HTTP clients is never an exception. */
export class SandboxError extends Error {
  override readonly name = 'SandboxError';

  constructor(
    readonly code: SandboxErrorCode,
    message: string,
    /** The option, script field or argument that is wrong. */
    readonly field: string | null = null,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
