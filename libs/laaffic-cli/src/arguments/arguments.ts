import type { Price } from './price.js';

/** The arguments of every command. */
export interface CommonArguments {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly envFile: string | undefined;
}

/** The arguments of the commands that send. */
export interface MessageArguments extends CommonArguments {
  /** `-` for the text on stdin. */
  readonly content: string;
  readonly senderId: string | undefined;
  readonly dryRun: boolean;
  readonly pricePerPart: Price | undefined;
}

export interface SendArguments extends MessageArguments {
  readonly command: 'send';
  readonly to: readonly string[];
}

export interface BulkArguments extends MessageArguments {
  readonly command: 'bulk';
  /** A path, or `-` for stdin. */
  readonly input: string;
  /** The name or place of the column with the numbers. */
  readonly numberColumn: string | undefined;
  /** The name or place of the column with the order ids, or `none`. */
  readonly orderIdColumn: string | undefined;
  readonly encoding: string | undefined;
  readonly journal: string | undefined;
  readonly concurrency: number | undefined;
  readonly batchSize: number | undefined;
  readonly duplicates: 'keep' | 'drop' | 'reject';
  readonly requestsPerSecond: number | undefined;
  readonly recipientsPerSecond: number | undefined;
}

export interface ReportsArguments extends CommonArguments {
  readonly command: 'reports';
  /** `-` stands for the ids on stdin. */
  readonly msgIds: readonly string[];
}

export interface BalanceArguments extends CommonArguments {
  readonly command: 'balance';
}

/** The steps of `laaffic outbox`. */
export type OutboxStep =
  | 'migrate'
  | 'status'
  | 'plan'
  | 'rollback'
  | 'held'
  | 'pause'
  | 'resume'
  | 'drain'
  | 'restored'
  | 'erase';

export interface OutboxArguments extends CommonArguments {
  readonly command: 'outbox';
  readonly step: OutboxStep;
  readonly schema: string;
  /** `undefined` for the only account of the schema. */
  readonly account: string | undefined;
  /** The version that `rollback` returns to. */
  readonly version: number | undefined;
  /** `undefined` for both lanes. */
  readonly lane: 'priority' | 'bulk' | undefined;
  /** The number to `erase`. */
  readonly number: string | undefined;
  /** When the backup of `restored` started. */
  readonly backupAt: Date | undefined;
  /** Campaigns that were not started after that backup. */
  readonly notStarted: readonly string[];
  readonly actor: string;
  readonly reason: string | undefined;
  readonly showNumbers: boolean;
}

export type CommandArguments = SendArguments | BulkArguments | ReportsArguments | BalanceArguments | OutboxArguments;
