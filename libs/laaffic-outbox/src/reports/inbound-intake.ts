import { hash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { InboundSms } from 'nestjs-laaffic';
import { OnInboundSms } from 'nestjs-laaffic/webhooks';
import type { OutboxSettings } from '../options/outbox.settings.js';
import { ALL_SENDERS } from '../store/opt-out-list.js';
import { addInbound, addOptOuts, endOptOut, findOptOuts, type ReplyType } from '../sql/generated.js';
import type { OutboxStore } from '../store/outbox-store.js';

/** Stores what people write, and takes their opt-outs. */
@Injectable()
export class InboundIntake {
  constructor(
    private readonly store: Pick<OutboxStore, 'account' | 'callers'>,
    private readonly replies: OutboxSettings['replies'],
  ) {}

  /**
   * Resolves when it is committed, with the opt-out that it is: the platform gets a success response only then. A push has
   * no application id, so each account of the process takes it.
   * @throws {OutboxError} a code of the database. The platform may push it again.
   */
  @OnInboundSms()
  async take(sms: InboundSms): Promise<void> {
    const { account, callers } = this.store;
    const { from: number, to: receiver, at } = sms;
    const content = storable(sms.content);
    const meaning = this.replies.keywords.classify(content);
    await callers.transaction(async (transaction) => {
      let type: ReplyType = meaning.type;
      if (meaning.type === 'opt-in' && meaning.isOrdinaryAnswer) {
        const optOuts = await callers.runIn(transaction, findOptOuts, { account, numbers: [number] });
        if (optOuts.length === 0) type = 'other';
      }
      const inbound = { account, key: keyOf(sms), number, receiver: receiver ?? null, content, type };
      const [added] = await callers.runIn(transaction, addInbound, { ...inbound, gatewayTime: at ?? null });
      if (added === undefined) return;
      const sender = this.replies.scope === 'sender' ? (receiver ?? ALL_SENDERS) : ALL_SENDERS;
      if (type === 'opt-out') {
        const optOut = { account, numbers: [number], sender, reason: 'reply', actor: 'recipient', revives: true };
        await callers.runIn(transaction, addOptOuts, optOut);
      } else if (type === 'opt-in') {
        // One of all senders ends too: the person cannot know which kind it is.
        const consent = `inbound ${added.id}`;
        await callers.runIn(transaction, endOptOut, { account, number, sender: null, actor: 'recipient', consent });
      }
    });
  }
}

/**
 * The same for a push that is repeated, and for what `recordMo` lists, which has no id: who wrote what in which second.
 * Without a time, the id of the platform.
 */
function keyOf({ from, content, at, msgId }: InboundSms): string {
  if (at === undefined && msgId !== undefined) return `id ${msgId}`;
  const second = at === undefined ? '' : Math.floor(at.getTime() / 1_000);
  return hash('sha256', JSON.stringify([from, content, second]), 'base64url');
}

/** PostgreSQL cannot store the character 0. */
function storable(content: string): string {
  return content.replaceAll('\0', '');
}
