import { NestFactory } from '@nestjs/core';
import { LaafficSandbox } from 'laaffic-sandbox';
import { LaafficModule, LaafficOptionsError, SmsService, type LaafficOptions, type RateOptions } from 'nestjs-laaffic';
import type { Notes } from '../output/notes.js';
import { UsageError } from '../usage.error.js';
import type { GatewaySettings } from './read-environment.js';

/** The vendor's sample account, which a sandbox has unless it is told otherwise. */
const SANDBOX_ACCOUNT = { appId: '4luaKsL2', apiKey: 'bDqJFiq9', apiSecret: '7bz1lzh9' };
/** A sandbox in this process is asked for nothing later. */
const SANDBOX_MEMORY = { historyLimit: 10, messageLimit: 1000 };

/** A gateway that can be asked. */
export interface Connection {
  readonly sms: SmsService;
  readonly close: () => Promise<void>;
}

/**
 * Connects to the account that is set, or to a sandbox, and says so then.
 * @throws {UsageError} if the settings are malformed.
 */
export async function connect(
  { account, baseUrl, senderId }: GatewaySettings,
  notes: Notes,
  rate?: RateOptions,
): Promise<Connection> {
  const isInProcess = account === undefined && baseUrl === undefined;
  const sandbox = isInProcess ? await LaafficSandbox.start(SANDBOX_MEMORY) : undefined;
  if (account === undefined) {
    const where = sandbox === undefined ? `the sandbox at ${baseUrl ?? ''}` : 'a sandbox';
    notes.say(`no account set: sending to ${where}, nobody gets an SMS`);
  }
  try {
    const own = await open({ ...(account ?? SANDBOX_ACCOUNT), baseUrl: sandbox?.url ?? baseUrl, senderId, rate });
    const close = async () => {
      await own.close();
      await sandbox?.close();
    };
    return { sms: own.sms, close };
  } catch (error) {
    await sandbox?.close();
    throw error;
  }
}

/** The module without an account, for what needs no gateway. */
export function withoutGateway(): Promise<Connection> {
  return open(SANDBOX_ACCOUNT);
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
