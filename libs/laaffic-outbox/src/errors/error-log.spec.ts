import { Logger } from '@nestjs/common';
import { ErrorLog } from './error-log.js';

const unreachable = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:5432'), { code: 'ECONNREFUSED' });
const readOnly = Object.assign(new Error('cannot execute INSERT'), { severity: 'ERROR', code: '25006' });
const BEGIN =
  'The database of the outbox fails (connect ECONNREFUSED 127.0.0.1:5432 ECONNREFUSED). A claim failed, and ' +
  'other operations may fail too; the recovery will be logged';

describe('ErrorLog', () => {
  let said: string[];
  beforeEach(() => {
    said = [];
    jest.useFakeTimers();
    const keep = (line: unknown) => said.push(String(line));
    jest.spyOn(Logger.prototype, 'error').mockImplementation(keep);
    jest.spyOn(Logger.prototype, 'log').mockImplementation(keep);
  });
  afterEach(() => {
    jest.useRealTimers();
    jest.restoreAllMocks();
  });

  it('logs once that the database fails, whichever part notices it, and counts the failures when it is over', () => {
    const errors = new ErrorLog();
    errors.report('A claim failed', unreachable);
    for (let times = 0; times < 1_400; times++) errors.report('Calls are rejected', unreachable);
    jest.advanceTimersByTime(2_500);
    errors.report('Maintenance of the outbox failed', new Error('Connection terminated unexpectedly'));
    errors.resolve('A claim failed');
    errors.resolve('Calls are rejected');
    expect(said).toEqual([BEGIN]);
    jest.advanceTimersByTime(5_000);
    errors.resolve('Maintenance of the outbox failed');
    expect(said).toEqual([BEGIN, 'Resolved: the database of the outbox, after 1402 failures within 3 s']);
  });

  it('continues an outage in which single statements succeed', () => {
    const errors = new ErrorLog();
    for (let times = 0; times < 100; times++) {
      errors.report('A claim failed', unreachable);
      errors.resolve('A claim failed');
      jest.advanceTimersByTime(4_000);
    }
    expect(said).toEqual([BEGIN]);
    jest.advanceTimersByTime(1_000);
    expect(said).toHaveLength(2);
  });

  it('ends an outage only by a part that failed', () => {
    const errors = new ErrorLog();
    errors.report('A claim failed', unreachable);
    errors.resolve('Reading works');
    jest.advanceTimersByTime(60_000);
    expect(said).toEqual([BEGIN]);
  });

  it('logs other failures separately', () => {
    const errors = new ErrorLog();
    errors.report('A claim failed', unreachable);
    errors.report('A claim failed', readOnly);
    errors.report('App.onState failed', new TypeError('no'));
    errors.resolve('App.onState failed');
    expect(said).toEqual([
      BEGIN,
      'The database of the outbox fails (cannot execute INSERT 25006). A claim failed, and other operations may fail too; the recovery will be logged',
      'App.onState failed; retrying: no',
      'Resolved: App.onState failed, after one failure',
    ]);
  });
});
