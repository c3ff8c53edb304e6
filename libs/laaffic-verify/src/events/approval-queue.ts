import { randomUUID } from 'node:crypto';
import type { OutboxExtension } from 'nestjs-laaffic-outbox/extension';
import {
  claimApprovals,
  finishApproval,
  postponeApproval,
  registerApprovalHandlers,
  renewApproval,
} from '../sql/generated.js';
import type { ApprovedVerification } from './on-approved.decorator.js';

/** An approval for one handler, which this process calls. No other process does until the lease ends. */
export interface ApprovalClaim {
  /** The row of this approval for this handler. */
  readonly id: string;
  readonly token: string;
  readonly handler: string;
  readonly approval: ApprovedVerification;
  /** How often the handler was called, with this time. */
  readonly tries: number;
}

const FIRST_PAUSE_MS = 1_000;
/** 20 tries take about two days. */
const LONGEST_PAUSE_MS = 10 * 60 * 60_000;

/** The approvals that handlers have not handled yet. */
export class ApprovalQueue {
  constructor(
    private readonly extension: Pick<OutboxExtension, 'runAtBoot' | 'runInBackground'>,
    /** How long a claim holds without renewal, in milliseconds. */
    private readonly leaseMs: number,
    private readonly now: () => Date | undefined,
  ) {}

  /** Makes approvals known to handlers, before this process, or any process that it wakes, approves anything. */
  async registerAtBoot(handlers: readonly string[]): Promise<void> {
    await this.extension.runAtBoot(registerApprovalHandlers, { handlers, now: this.#moment() });
  }

  /** Tells that the handlers are still there. */
  async register(handlers: readonly string[]): Promise<void> {
    await this.extension.runInBackground(registerApprovalHandlers, { handlers, now: this.#moment() });
  }

  /** @param limits how many approvals to claim for each handler. */
  async claim(limits: ReadonlyMap<string, number>): Promise<ApprovalClaim[]> {
    if (limits.size === 0) return [];
    const token = randomUUID();
    const rows = await this.extension.runInBackground(claimApprovals, {
      handlers: [...limits.keys()],
      limits: [...limits.values()],
      claim: token,
      leaseMs: this.leaseMs,
      now: this.#moment(),
    });
    return rows.map(({ id, handler, verification_id, number, purpose, country, tenant, approved_at, tries }) => ({
      ...{ id, token, handler, tries },
      approval: {
        ...{ id: verification_id, purpose, country, tenant, approvedAt: approved_at },
        ...(number === null ? {} : { number }),
      },
    }));
  }

  /** Extends the lease of a claim, unless it belongs to another process by now. */
  async renew({ id, token }: ApprovalClaim): Promise<void> {
    const params = { id, claim: token, leaseMs: this.leaseMs, now: this.#moment() };
    await this.extension.runInBackground(renewApproval, params);
  }

  /** Removes an approval that was handled, or that is given up. */
  async finish({ id, token }: ApprovalClaim): Promise<void> {
    await this.extension.runInBackground(finishApproval, { id, claim: token });
  }

  /** Postpones an approval whose handler failed, with back-off. */
  async postpone({ id, token, tries }: ApprovalClaim): Promise<void> {
    const delayMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(tries - 1, 20));
    await this.extension.runInBackground(postponeApproval, { id, claim: token, delayMs, now: this.#moment() });
  }

  #moment(): Date | null {
    return this.now() ?? null;
  }
}
