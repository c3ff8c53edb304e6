// A process of an app with verification. Its parent sends calls, and may stop calls at one of their statements.
import 'reflect-metadata';
import { AsyncLocalStorage } from 'node:async_hooks';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { LaafficModule } from 'nestjs-laaffic';
import { LaafficOutboxModule } from 'nestjs-laaffic-outbox';
import { LaafficVerifyModule, SmsVerification } from 'nestjs-laaffic-verify';
import pg from 'pg';

const { database, gateway, account, sealKey, connections, verify } = JSON.parse(process.argv[2]);
const bytes = (key) => Buffer.from(key, 'base64');

/**
 * What no call does for itself: a timer of the outbox notifies workers some time after a call, and the guard reads the
 * traffic once a second for all calls.
 */
const SHARED =
  /^select \S*notify_due\w*\(|(fold_traffic|read_traffic|read_learned)\w*\(|from \S*\.listed l\b|\.(cost_delta|price)\b/;

/** The call that runs, with its statements and where it stops. */
const running = new AsyncLocalStorage();
const runQuery = Reflect.get(pg.Client.prototype, 'query');
pg.Client.prototype.query = function (...args) {
  const call = running.getStore();
  if (call === undefined || SHARED.test(args[0].text ?? args[0])) return runQuery.apply(this, args);
  const index = call.statements.push(nameOf(args[0])) - 1;
  if (index !== call.stop?.at) return runQuery.apply(this, args);
  const stopped = () => process.send({ id: call.id, stopped: call.statements });
  // What waits for it never goes on: the process is about to be killed.
  if (call.stop.when === 'before') stopped();
  else void runQuery.apply(this, args).finally(stopped);
  return new Promise(() => undefined);
};

function nameOf(query) {
  return (typeof query === 'string' ? undefined : query.name) ?? (query.text ?? query).trim().split(/[\s(]/, 1)[0];
}

class App {}
Module({
  imports: [
    LaafficModule.forRoot({ ...account, baseUrl: gateway, isGlobal: true }),
    LaafficOutboxModule.forRoot({
      database,
      connections,
      worker: false,
      migrate: false,
      sealKeys: [bytes(sealKey)],
      isGlobal: true,
    }),
    LaafficVerifyModule.forRoot({ ...verify, keys: verify.keys.map(bytes), migrate: false }),
  ],
})(App);
const app = await NestFactory.createApplicationContext(App, { logger: false, abortOnError: false });
const verification = app.get(SmsVerification);
/** The connections of the app itself, for its own transactions. */
const pool = new pg.Pool({ connectionString: database, max: connections });
pool.on('error', () => undefined);

/** Calls within a transaction of the app. */
const METHODS = {
  startWithin: (end, ...args) => within(end, (transaction) => verification.start(args[0], { ...args[1], transaction })),
  resendWithin: (end, id) => within(end, (transaction) => verification.resend(id, { transaction })),
  checkWithin: (end, request) => within(end, (transaction) => verification.check(request, { transaction })),
};

async function within(end, work) {
  const client = await pool.connect();
  try {
    await client.query('begin');
    const result = await work(client);
    await client.query(end);
    return result;
  } catch (error) {
    await client.query('rollback');
    throw error;
  } finally {
    client.release();
  }
}

function run({ id, method, args, stop }) {
  const call = { id, statements: [], stop };
  return running.run(call, async () => {
    try {
      const value = await (METHODS[method]?.(...args) ?? verification[method](...args));
      return { value, statements: call.statements };
    } catch (error) {
      const { code, message } = error;
      return { error: { code, message, cause: error.cause?.code }, statements: call.statements };
    }
  });
}

process.on('message', async ({ id, calls }) => {
  const results = await Promise.all(calls.map(run));
  process.send({ id, results });
});
process.on('disconnect', () => process.exit());
process.send('ready');
