import { Logger } from '@nestjs/common';
import { Outages } from './outages.js';

const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:5432'), { code: 'ECONNREFUSED' });
const readOnly = Object.assign(new Error('cannot execute INSERT'), { severity: 'ERROR', code: '25006' });
const BEGIN =
  'The database of the outbox fails (connect ECONNREFUSED 127.0.0.1:5432 ECONNREFUSED). A claim failed, and more may fail; ' +
  'the end will be told';

describe('Outages', () => {
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

  it('says once that the database fails, whatever notices it and however often, and how often when it is over', () => {
    const outages = new Outages();
    outages.report('A claim failed', refused);
    for (let times = 0; times < 1_400; times++) outages.report('Calls are refused', refused);
    jest.advanceTimersByTime(2_500);
    outages.report('The ledger cannot be kept up', new Error('Connection terminated unexpectedly'));
    outages.over('A claim failed');
    outages.over('Calls are refused');
    expect(said).toEqual([BEGIN]);
    jest.advanceTimersByTime(5_000);
    outages.over('The ledger cannot be kept up');
    expect(said).toEqual([BEGIN, 'Over: the database of the outbox, after 1402 failures within 3 s']);
  });

  it('goes on with an outage in which a statement gets through now and then', () => {
    const outages = new Outages();
    for (let times = 0; times < 100; times++) {
      outages.report('A claim failed', refused);
      outages.over('A claim failed');
      jest.advanceTimersByTime(4_000);
    }
    expect(said).toEqual([BEGIN]);
    jest.advanceTimersByTime(1_000);
    expect(said).toHaveLength(2);
  });

  it('is not told of an end by what did not fail', () => {
    const outages = new Outages();
    outages.report('A claim failed', refused);
    outages.over('Reading works');
    jest.advanceTimersByTime(60_000);
    expect(said).toEqual([BEGIN]);
  });

  it('tells failures of other kinds apart', () => {
    const outages = new Outages();
    outages.report('A claim failed', refused);
    outages.report('A claim failed', readOnly);
    outages.report('App.settled failed', new TypeError('no'));
    outages.over('App.settled failed');
    expect(said).toEqual([
      BEGIN,
      'The database of the outbox fails (cannot execute INSERT 25006). A claim failed, and more may fail; the end will be told',
      'App.settled failed, and it is tried again: no',
      'Over: App.settled failed, after one failure',
    ]);
  });
});
