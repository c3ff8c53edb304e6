/** How many pushes came since the app was started; for metrics. */
export class PushCounts {
  /** All handlers have succeeded, now or before. */
  succeeded = 0;
  /** At least one handler failed; the platform was asked to push again. */
  failed = 0;
  /** Too long, no JSON, or no push of its kind. */
  unreadable = 0;
  /** The right secret from an address that is not allowed. */
  refused = 0;
  /** Runs of a handler that were saved because it had already succeeded for the push, or was just at it. */
  duplicates = 0;
}
