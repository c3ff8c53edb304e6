import { fork } from 'node:child_process';
import { once } from 'node:events';
import { installPeers } from '../peers.mjs';
import { median, table } from '../report.mjs';
import { installedSize } from './size.mjs';

const NEST = ['@nestjs/common', '@nestjs/axios'];
const LOADED = {
  '@nestjs/common + @nestjs/axios': NEST,
  'the same + nestjs-laaffic': [...NEST, 'nestjs-laaffic'],
  'the same + nestjs-laaffic/webhooks': [...NEST, 'nestjs-laaffic/webhooks'],
  'the same + nestjs-laaffic/testing': [...NEST, 'nestjs-laaffic/testing'],
  '@nestjs/common': ['@nestjs/common'],
  'the same + twilio': ['@nestjs/common', 'twilio'],
  'the same + @vonage/sms': ['@nestjs/common', '@vonage/auth', '@vonage/sms'],
};
const APP = ['@nestjs/common', '@nestjs/core', '@nestjs/platform-express', 'class-validator', 'class-transformer'];
const STARTED = {
  'an app with ValidationPipe': ['./plain-app.mjs'],
  'the same + @nestjs/axios': ['./axios-app.mjs'],
  'the same app + nestjs-laaffic': ['./laaffic-app.mjs'],
};
const INSTALLED = {
  ...LOADED,
  'an app with ValidationPipe': APP,
  'the same + @nestjs/axios': [...APP, '@nestjs/axios'],
  'the same app + nestjs-laaffic': [...APP, 'nestjs-laaffic'],
};
const REPEATS = 15;

/** The time until everything is loaded, the heap after it, and what was installed for it. */
export async function importTime() {
  installPeers();
  const [loaded, started] = [rows(await measure(LOADED)), rows(await measure(STARTED))];
  const head = ['ms', 'ratio', 'heap MB', 'installed MB'];
  return `Loading (median of ${REPEATS} processes)\n\n${table(['packages', ...head], loaded)}

Loading and starting (median of ${REPEATS} processes)\n\n${table(['', ...head], started)}`;
}

async function measure(cases) {
  const results = Object.fromEntries(Object.keys(cases).map((name) => [name, []]));
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const order = repeat % 2 === 0 ? Object.entries(cases) : Object.entries(cases).toReversed();
    for (const [name, modules] of order) {
      const child = fork(new URL('./case.mjs', import.meta.url), modules, { execArgv: ['--expose-gc'] });
      const [result] = await once(child, 'message');
      results[name].push(result);
    }
  }
  return results;
}

function rows(results) {
  const of = (name, key) => median(results[name].map((result) => result[key]));
  const [base] = Object.keys(results);
  return Object.keys(results).map((name) => [
    name,
    of(name, 'time').toFixed(0),
    (of(name, 'time') / of(base, 'time')).toFixed(2),
    of(name, 'heap').toFixed(1),
    installedSize(INSTALLED[name]).toFixed(1),
  ]);
}
