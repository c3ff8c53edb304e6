import { laaffic } from './terminal.js';

const missing = () => {
  throw Object.assign(new Error('Cannot find package'), { code: 'MODULE_NOT_FOUND' });
};
const env = { DATABASE_URL: 'postgres://127.0.0.1:1/x' };

beforeEach(() => {
  jest.resetModules();
});

it.each(['pg', 'nestjs-laaffic-outbox'])(
  'laaffic outbox without %s says how to install it (exit code 1)',
  async (name) => {
    jest.doMock(name, missing, { virtual: true });
    const { code, stdout, stderr } = await laaffic(['outbox', 'status'], { env });
    jest.dontMock(name);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toBe(
      `laaffic: laaffic outbox needs the package ${name}: npm install nestjs-laaffic-outbox pg, ` +
        'with --global if laaffic is installed globally\n',
    );
  },
);

it('the other commands need neither', async () => {
  jest.doMock('pg', missing, { virtual: true });
  jest.doMock('nestjs-laaffic-outbox', missing, { virtual: true });
  expect((await laaffic(['balance'])).code).toBe(0);
});
