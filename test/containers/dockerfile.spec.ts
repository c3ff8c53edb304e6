import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { validate } from 'dockerfile-utils';
import { readCompose, readDockerfile, ROOT } from './parsed.js';

const text = readFileSync(join(ROOT, 'Dockerfile'), 'utf8');
const stages = readDockerfile();
const PINNED = /^[\w/]+:[\w.-]+@sha256:[\da-f]{64}$/;

it('has no mistake that a linter finds', () => {
  expect(validate(text).map(({ message, range }) => [range.start.line + 1, message])).toEqual([]);
  expect(validate('FROM node\nRUM npm ci').map(({ message }) => message)).toEqual(['Unknown instruction: RUM']);
});

it('is made of images that never change, and of its own stages', () => {
  const names = stages.map(({ name }) => name);
  const foreign = stages.map(({ from }) => from).filter((from) => !names.includes(from));
  expect(foreign).toHaveLength(1);
  for (const image of [...foreign, readCompose().services.postgres.image]) expect(image).toMatch(PINNED);
});

it('installs from the lockfile alone, without scripts of packages, and takes nothing else from the network', () => {
  const runs = stages.flatMap(({ instructions }) => instructions.filter(({ keyword }) => keyword === 'RUN'));
  const commands = runs.flatMap(({ text: command }) => command.split('&&').map((part) => part.trim()));
  expect(commands.filter((command) => /^npm (?!run )/.test(command))).toEqual([
    'npm ci --ignore-scripts --no-audit --no-fund',
    'npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund',
  ]);
  expect(commands.filter((command) => !/^(npm|find) /.test(command))).toEqual([]);
  expect(text).not.toMatch(/^ADD /m);
});

it('knows the manifest of every package', () => {
  const { instructions } = stages.find(({ name }) => name === 'manifests')!;
  const copied = instructions.flatMap(({ text: files }) => files.match(/libs\/[\w-]+\/package\.json/g) ?? []);
  expect(copied).toEqual(readdirSync(join(ROOT, 'libs')).map((library) => `libs/${library}/package.json`));
});

it.each(['sandbox', 'service'])('the %s runs as a user without rights, as a process that gets signals', (name) => {
  const { instructions } = stages.find((stage) => stage.name === name)!;
  const last = (keyword: string) => instructions.findLast((one) => one.keyword === keyword)!;
  expect(last('USER').text).toBe('node');
  // A shell would keep SIGTERM to itself.
  expect((JSON.parse(last('CMD').text) as string[])[0]).toBe('node');
  expect(Object.keys(last('HEALTHCHECK').flags)).toEqual(['interval', 'timeout', 'start-period']);
  expect(last('HEALTHCHECK').text).toMatch(/^CMD \["node", "-e", /);
  expect(last('HEALTHCHECK').text).not.toMatch(/curl|wget/);
});
