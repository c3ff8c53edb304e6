/**
 * Counts pushes since the app started.
 * @example
 * constructor(private readonly webhooks: WebhookMetrics) {}
 */
export class WebhookMetrics {
  /** Pushes whose handlers have all succeeded, now or before. */
  succeeded = 0;
  /** Pushes with at least one failed handler; the platform was told to push them again. */
  failed = 0;
  /** Bodies that are too long, not JSON, or not a push of their route. */
  unreadable = 0;
  /** Requests with a valid secret from an address that is not allowed. */
  rejected = 0;
  /** Handler calls that were saved, because the handler had succeeded for the same push, or was working on it. */
  duplicates = 0;
}
