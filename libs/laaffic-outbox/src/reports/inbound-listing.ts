import type { SmsService } from 'nestjs-laaffic';
import { finishInboundTurn, takeInboundTurn } from '../sql/generated.js';
import type { OutboxStore } from '../store/outbox-store.js';
import type { GatewayQueries } from './gateway-queries.js';
import type { InboundIntake } from './inbound-intake.js';

/** What was written this long before the last listing may have been listed too late. */
const OVERLAP_MS = 10 * 60_000;
const MONTH_MS = 28 * 24 * 60 * 60_000;

/** Lists what people have written, in case a push was missed. */
export class InboundListing {
  constructor(
    private readonly store: Pick<OutboxStore, 'account' | 'database'>,
    private readonly sms: Pick<SmsService, 'listInboundMessages'>,
    private readonly intake: Pick<InboundIntake, 'take'>,
    private readonly queries: GatewayQueries,
    private readonly intervalMs: number,
  ) {}

  /** @returns whether there is more to list at once; always `false`. */
  async run(signal: AbortSignal): Promise<boolean> {
    const { account, database } = this.store;
    const [turn] = await database.run(takeInboundTurn, { account, intervalMs: this.intervalMs });
    if (turn === undefined) return false;
    const from = new Date(Math.max(turn.from.getTime() - OVERLAP_MS, turn.to.getTime() - MONTH_MS));
    const isListed = await this.queries.run('Inbound messages could not be listed', signal, async () => {
      for await (const sms of this.sms.listInboundMessages({ from, to: turn.to }, { signal }))
        await this.intake.take(sms);
      return true;
    });
    if (isListed === true) await database.run(finishInboundTurn, { account, to: turn.to });
    return false;
  }
}
