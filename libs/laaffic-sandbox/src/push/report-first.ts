import type { TrackedMessage } from '../delivery/delivery.js';
import type { Gateway } from '../gateway.js';
import type { AcceptedMessage } from '../ledger/accepted.message.js';

/** Reports the outcome of these messages at once, and goes on when the customer has been told. */
export function reportFirst(accepted: readonly AcceptedMessage[], gateway: Gateway, then: () => void): void {
  const { deliveries, reporter, pushes, resolved } = gateway;
  if (accepted.length === 0 || resolved.settings.pushReportsTo === null) {
    then();
    return;
  }
  const messages = accepted.map(({ msgId }) => deliveries.find(msgId));
  reporter.hurry(messages.filter((message): message is TrackedMessage => message !== null));
  pushes.whenIdle(then);
}
