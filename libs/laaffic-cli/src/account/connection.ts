import { NestFactory } from '@nestjs/core';
import { LaafficSandbox, SAMPLE_ACCOUNT } from 'laaffic-sandbox';
import { LaafficModule, LaafficOptionsError, SmsService, type LaafficOptions, type RateOptions } from 'nestjs-laaffic';
import { UsageError } from '../command.error.js';
import type { StderrLog } from '../output/stderr-log.js';
import type { GatewaySettings } from './read-environment.js';

/** The history of a sandbox that ends with the command is never read. */
const SANDBOX_LIMITS = { historyLimit: 10, messageLimit: 1000 };

/** An `SmsService` that must be closed after use. */
export interface Connection {
  readonly sms: SmsService;
  readonly close: () => Promise<void>;
}

/**
 * Connects to the configured account. Without an account it connects to a sandbox and says so on stderr.
 * @throws {UsageError} if the settings are invalid.
 */
export async function connect(
  { account, baseUrl, senderId }: GatewaySettings,
  log: StderrLog,
  rate?: RateOptions,
): Promise<Connection> {
  const isInProcess = account === undefined && baseUrl === undefined;
  const sandbox = isInProcess ? await LaafficSandbox.start(SANDBOX_LIMITS) : undefined;
  if (account === undefined) {
    const target = sandbox === undefined ? `the sandbox at ${baseUrl ?? ''}` : 'a sandbox';
    log.print(`no account is set: sending to ${target}, which delivers no SMS`);
  }
  try {
    const app = await open({ ...(account ?? SAMPLE_ACCOUNT), baseUrl: sandbox?.url ?? baseUrl, senderId, rate });
    const close = async () => {
      await app.close();
      await sandbox?.close();
    };
    return { sms: app.sms, close };
  } catch (error) {
    await sandbox?.close();
    throw error;
  }
}

/** Opens the module without an account, for checks that send no request. */
export function openWithoutAccount(): Promise<Connection> {
  return open(SAMPLE_ACCOUNT);
}

async function open(options: LaafficOptions): Promise<Connection> {
  try {
    const app = await NestFactory.createApplicationContext(LaafficModule.forRoot(options), {
      logger: false,
      abortOnError: false,
    });
    return { sms: app.get(SmsService), close: () => app.close() };
  } catch (error) {
    if (error instanceof LaafficOptionsError) throw new UsageError(`LAAFFIC_* settings: ${error.message}`);
    throw error;
  }
}
