import type { Price } from '../output/cost.js';

/** What all commands take that ask the gateway. */
export interface CommonArguments {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly envFile: string | undefined;
}

/** What the commands take that send. */
export interface MessageArguments extends CommonArguments {
  /** `-` for what stdin holds. */
  readonly content: string;
  readonly sender: string | undefined;
  readonly dryRun: boolean;
  /** Of one part. */
  readonly price: Price | undefined;
}

export interface SendArguments extends MessageArguments {
  readonly command: 'send';
  readonly to: readonly string[];
}

export interface BulkArguments extends MessageArguments {
  readonly command: 'bulk';
  /** A path, or `-` for stdin. */
  readonly input: string;
  /** Name or place of the column with the numbers. */
  readonly column: string | undefined;
  readonly orderIdColumn: string | undefined;
  readonly journal: string | undefined;
  readonly concurrency: number | undefined;
  readonly requestSize: number | undefined;
  readonly duplicates: 'keep' | 'drop' | 'refuse';
  readonly requestsPerSecond: number | undefined;
  readonly recipientsPerSecond: number | undefined;
}

export interface ReportsArguments extends CommonArguments {
  readonly command: 'reports';
  /** `-` among them for those that stdin holds. */
  readonly msgIds: readonly string[];
}

export interface BalanceArguments extends CommonArguments {
  readonly command: 'balance';
}

export type CommandArguments = SendArguments | BulkArguments | ReportsArguments | BalanceArguments;

export type Arguments = CommandArguments | { readonly show: 'help' | 'version' };
