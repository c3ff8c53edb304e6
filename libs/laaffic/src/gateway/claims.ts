import type { Recipient } from '../messages/recipients.js';
import type { EnvelopeItem, SendEnvelope } from './envelope.js';

/** What the lists of an answer say about one recipient. */
export type Claim =
  | { readonly is: 'accepted'; readonly msgId: string }
  | { readonly is: 'refused'; readonly reason: string | undefined; readonly msgId: string | undefined }
  | { readonly is: 'unclear'; readonly reason: string };

/**
 * Finds for each recipient what the lists of the answer say about it: by order id, else by number.
 * @returns one claim for each recipient, `undefined` for those that no list names.
 */
export function readClaims(
  recipients: readonly Recipient[],
  envelope: Pick<SendEnvelope, 'accepted' | 'refused'>,
): (Claim | undefined)[] {
  const claims = new Array<Claim | undefined>(recipients.length).fill(undefined);
  const finder = new RecipientFinder(recipients, claims);
  envelope.accepted.forEach((item, position) => {
    const index = finder.find(item, position);
    if (index === undefined || claims[index] !== undefined) return;
    claims[index] =
      item.msgId === undefined
        ? { is: 'unclear', reason: 'listed as accepted, but without a message id' }
        : { is: 'accepted', msgId: item.msgId };
  });
  for (const item of envelope.refused) {
    const index = finder.find(item, undefined);
    if (index === undefined || claims[index]?.is === 'refused') continue;
    claims[index] =
      claims[index] === undefined
        ? { is: 'refused', reason: item.reason, msgId: item.msgId }
        : { is: 'unclear', reason: 'listed both as accepted and as refused' };
  }
  return claims;
}

class RecipientFinder {
  #byOrderId: Map<string, number> | undefined;
  #byNumber: Map<string, number[]> | undefined;

  constructor(
    private readonly recipients: readonly Recipient[],
    private readonly claims: readonly (Claim | undefined)[],
  ) {}

  find(item: EnvelopeItem, position: number | undefined): number | undefined {
    return this.#sameOrder(item, position) ?? this.#withOrderId(item.orderId) ?? this.#withNumber(item.number);
  }

  /** The usual case: the answer lists the recipients as they were sent, and no index is needed. */
  #sameOrder({ orderId }: EnvelopeItem, position: number | undefined): number | undefined {
    if (position === undefined || orderId === undefined) return undefined;
    return this.recipients[position]?.orderId === orderId ? position : undefined;
  }

  #withOrderId(orderId: string | undefined): number | undefined {
    if (orderId === undefined) return undefined;
    this.#byOrderId ??= new Map(this.recipients.map((recipient, index) => [recipient.orderId, index]));
    return this.#byOrderId.get(orderId);
  }

  /** A number may have been given more than once: the first of them that no list has named yet. */
  #withNumber(number: string | undefined): number | undefined {
    if (number === undefined) return undefined;
    this.#byNumber ??= indexByNumber(this.recipients);
    const indexes = this.#byNumber.get(number.replace(/\D/g, '')) ?? [];
    return indexes.find((index) => this.claims[index] === undefined) ?? indexes.at(-1);
  }
}

function indexByNumber(recipients: readonly Recipient[]): Map<string, number[]> {
  const indexes = new Map<string, number[]>();
  for (const [index, { number }] of recipients.entries()) {
    const same = indexes.get(number);
    if (same === undefined) indexes.set(number, [index]);
    else same.push(index);
  }
  return indexes;
}
