import { readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { dirOf, edit, installNode, JEST_12, makeConsumer, type ConsumerName } from './consumer.js';
import { declaredNames } from './declared-names.js';
import { entries, outboxTypes, outboxValues, types, values, verifyTypes, verifyValues, type Entry } from './entries.js';
import { checkout } from './packed.js';
import { expectPushesTaken, platforms } from './pushes.js';
import { run, runWith } from './run.js';
import { CREDENTIALS } from './sandbox.js';
import { serve } from './served-app.js';

interface Printed {
  readonly printed: unknown;
  readonly stderr: string;
}

interface Report {
  readonly receipt: { readonly accepted: readonly object[] };
  readonly ledger: unknown;
  readonly inVain: unknown;
}

/** What Jest and Vitest write. */
interface TestReport {
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

const projects = ['esm-nest-12', 'cjs-nest-11'] as const;
const newestLts = 'Node 24';
const nodes = ['this Node', newestLts];
const programs = new Map([['this Node', process.execPath]]);

beforeAll(async () => {
  const [node] = await Promise.all([installNode('24'), ...projects.map(makeConsumer)]);
  programs.set(newestLts, node);
}, 400_000);

/** Two at a time, for as many processors. */
function inEach<T>(work: (project: (typeof projects)[number]) => Promise<T>): Promise<T[]> {
  return Promise.all(projects.map(work));
}

const ofEach = <T>(value: T): T[] => projects.map(() => value);

async function runIn(project: ConsumerName, node: string, ...args: string[]): Promise<Printed> {
  const { stdout, stderr } = await run(dirOf(project), programs.get(node)!, ...args);
  // What it logged beside is shown where it is not the answer.
  return { printed: stdout.startsWith('{') ? JSON.parse(stdout) : stdout, stderr };
}

const runInEach = (node: string, program: string, ...args: string[]) =>
  inEach((project) => runIn(project, node, `test/programs/${program}`, ...args));

function npmRun(project: ConsumerName, node: string, ...args: string[]) {
  const PATH = [dirname(programs.get(node)!), process.env.PATH].join(delimiter);
  return runWith({ ...CREDENTIALS, PATH }, dirOf(project), 'npm', 'run', '--silent', ...args);
}

/** Runs tests of an app by one of its own scripts. @returns the status of each. */
async function testsOf(project: ConsumerName, node: string, script: string): Promise<Record<string, string>> {
  const file = join(dirOf(project), `${script.replace(':', '-')}.json`);
  const format = project === 'esm-nest-12' ? '--reporter=json' : '--json';
  await npmRun(project, node, script, '--', format, `--outputFile=${file}`);
  const { testResults } = JSON.parse(readFileSync(file, 'utf8')) as TestReport;
  const results = testResults.flatMap(({ assertionResults }) => assertionResults);
  return Object.fromEntries(results.map(({ fullName, status }) => [fullName, status]));
}

const entryNames = entries.map(({ entry }) => entry);
const ofEntries = <T>(value: (entry: Entry) => T) =>
  Object.fromEntries(entries.map((each) => [each.entry, value(each)]));

const allPassed = (...titles: string[]) => Object.fromEntries(titles.map((title) => [title, 'passed']));

const unitTests = allPassed('AppController root should return "Hello World!"', 'tells the guest');
const endToEndTests = allPassed(
  'AppController (e2e) / (GET)',
  'knows that it does not know',
  'notifications on Express are sent',
  'notifications on Express are rejected in the words of the filter',
  'notifications on Express survive a second close',
  'notifications on Fastify are sent',
  'notifications on Fastify are rejected in the words of the filter',
  'notifications on Fastify survive a second close',
);

describe('an app that `nest new` has made, with Jest or with Vitest,', () => {
  it('is built', async () => {
    expect(await inEach((project) => npmRun(project, 'this Node', 'build'))).toEqual(
      ofEach({ stdout: '', stderr: '' }),
    );
  });

  it.each([
    ['test', unitTests],
    ['test:e2e', endToEndTests],
  ])('passes `npm run %s`', async (script, results) => {
    expect(await inEach((project) => testsOf(project, 'this Node', script))).toEqual(ofEach(results));
  });

  it.each([
    ['Express', 'dist/main'],
    ['Fastify', 'dist/main.fastify'],
  ])('sends what it is asked to on %s', async (_, program) => {
    const answers = await inEach((project) => serve(dirOf(project), program));

    expect(answers).toEqual(
      answers.map(({ messages }) => ({
        status: 201,
        body: { accepted: messages, rejected: [], unknown: [] },
        messages: [
          { number: '91856321412', orderId: expect.any(String) as string, msgId: expect.any(String) as string },
        ],
      })),
    );
  });
});

describe('an app that `nest new` of 12 has made with Jest', () => {
  const scripts = ['test', 'test:e2e'];
  const testsOn = (node: string) => Promise.all(scripts.map((script) => testsOf(JEST_12, node, script)));

  it(`passes its tests on ${newestLts}`, async () => {
    expect(await testsOn(newestLts)).toEqual([unitTests, endToEndTests]);
  });

  it('passes them on this Node with the settings that are printed', async () => {
    const page = readFileSync(join(checkout, 'docs/testing.md'), 'utf8');
    const [, settings = ''] = /^```json\n\{\n(.*?)\n\}\n```$/ms.exec(page) ?? [];
    edit(join(dirOf(JEST_12), 'jest.config.ts'), [[/transform: \{[^}]*\},/, `${settings},`]]);
    const file = join(dirOf(JEST_12), 'test/jest-e2e.json');
    const config = JSON.parse(readFileSync(file, 'utf8')) as object;
    writeFileSync(file, JSON.stringify({ ...config, ...(JSON.parse(`{${settings}}`) as object) }));

    expect(await testsOn('this Node')).toEqual([unitTests, endToEndTests]);
  });
});

describe.each(nodes)('on %s, with Nest 11 and 12,', (node) => {
  it('an app sends through an injected service to a sandbox that has it in its ledger', async () => {
    for (const { printed, stderr } of await runInEach(node, 'main.js')) {
      const { receipt, ledger, inVain } = printed as Report;

      expect(receipt).toEqual({
        accepted: [
          {
            number: '8613800138000',
            orderId: expect.stringMatching(/^[^,]+$/) as string,
            msgId: expect.stringMatching(/^\d{19}$/) as string,
          },
        ],
        rejected: [],
        unknown: [],
      });
      expect(ledger).toEqual([{ ...receipt.accepted[0], content: 'Hello' }]);
      expect(inVain).toEqual({ code: 'LAAFFIC_NOT_CONNECTED', outcome: 'rejected' });
      expect(stderr).toBe('');
    }
  });

  it('an app sends durably, with a database of its own', async () => {
    const outputs = await inEach((project) =>
      runIn(project, node, 'test/programs/outbox.js', join(dirOf(project), `data-${node.replace(' ', '-')}`)),
    );

    expect(outputs).toEqual(
      ofEach({
        printed: { accepted: 1, state: 'done', sent: ['8613800138000', '8613800138002', '8613800138003'] },
        stderr: '',
      }),
    );
  });

  it.each(platforms)('an app verifies a number on %s, and takes the proof once', async (platform) => {
    const outputs = await inEach((project) => {
      const data = join(dirOf(project), `verify-${node.replace(' ', '-')}-${platform}`);
      return runIn(project, node, 'test/programs/verification.js', platform, data);
    });

    const printed = { started: 201, wrong: [422, 4], approved: 200, created: [201, '+447400123456'], again: 403 };
    expect(outputs).toEqual(ofEach({ printed, stderr: '' }));
  });

  it.each(platforms)('an app takes pushes on %s, and rejects strangers like an unknown route', async (platform) => {
    for (const output of await runInEach(node, 'webhooks.js', platform)) expectPushesTaken(platform, output);
  });

  it('every entry gives the same classes by import and by require', async () => {
    const printed = ofEntries(({ names }) => ({ names, different: [] }));

    expect(await runInEach(node, 'loading.mjs', ...entryNames)).toEqual(ofEach({ printed, stderr: '' }));
  });
});

describe('with Nest 11 and a loader that cannot require ES modules', () => {
  const onEachNode = (program: string, ...args: string[]) =>
    Promise.all(
      nodes.map((node) =>
        runIn('cjs-nest-11', node, '--no-experimental-require-module', `test/programs/${program}`, ...args),
      ),
    );

  it('every entry gives its CommonJS build', async () => {
    const printed = ofEntries(({ entry, file, names }) => ({
      file: `node_modules/${entry.split('/')[0]!}/dist/cjs/${file}`,
      names,
    }));

    expect(await onEachNode('commonjs.cjs', ...entryNames)).toEqual(nodes.map(() => ({ printed, stderr: '' })));
  });

  it.each(platforms)('an app takes pushes on %s', async (platform) => {
    for (const output of await onEachNode('webhooks.js', platform)) expectPushesTaken(platform, output);
  });
});

it('the declarations of both builds have the intended names', () => {
  const files = ['nestjs-laaffic', 'nestjs-laaffic-outbox', 'nestjs-laaffic-verify'].flatMap((name) =>
    ['esm', 'cjs'].map((build) => join(dirOf('cjs-nest-11'), 'node_modules', name, 'dist', build, 'index.d.ts')),
  );
  const [names, outboxNames, verifyNames] = [
    [...values, ...types].sort(),
    [...outboxValues, ...outboxTypes].sort(),
    [...verifyValues, ...verifyTypes].sort(),
  ];

  expect(declaredNames(files)).toEqual([names, names, outboxNames, outboxNames, verifyNames, verifyNames]);
});
