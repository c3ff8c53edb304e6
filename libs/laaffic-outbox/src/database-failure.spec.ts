import { databaseError, describeFailure, findDatabaseFailure, readDatabaseFailure } from './database-failure.js';

/** As the server tells a failure. */
const told = (code: string, severity = 'ERROR') => Object.assign(new Error('no: 91856321412'), { severity, code });

describe('a statement that failed', () => {
  it.each([
    ['08006', 'ERROR', 'OUTBOX_DATABASE', 'unknown', true],
    ['40003', 'ERROR', 'OUTBOX_DATABASE', 'unknown', true],
    ['57P01', 'FATAL', 'OUTBOX_DATABASE', 'unknown', true],
    ['57P02', 'FATAL', 'OUTBOX_DATABASE', 'unknown', true],
    ['57P05', 'FATAL', 'OUTBOX_DATABASE', 'unknown', true],
    ['25P03', 'FATAL', 'OUTBOX_DATABASE', 'unknown', true],
    ['XX000', 'PANIC', 'OUTBOX_DATABASE', 'unknown', true],
    ['25006', 'ERROR', 'OUTBOX_DATABASE_READ_ONLY', 'rejected', true],
    ['53100', 'ERROR', 'OUTBOX_DATABASE_FULL', 'rejected', false],
    ['54000', 'ERROR', 'OUTBOX_DATABASE_FULL', 'rejected', false],
    ['28P01', 'ERROR', 'OUTBOX_DATABASE_DENIED', 'rejected', false],
    ['42501', 'ERROR', 'OUTBOX_DATABASE_DENIED', 'rejected', false],
    ['22021', 'ERROR', 'OUTBOX_DATABASE_ENCODING', 'rejected', false],
    ['22P05', 'ERROR', 'OUTBOX_DATABASE_ENCODING', 'rejected', false],
    ['3F000', 'ERROR', 'OUTBOX_SCHEMA_MISSING', 'rejected', false],
    ['42703', 'ERROR', 'OUTBOX_SCHEMA_MISSING', 'rejected', false],
    ['42704', 'ERROR', 'OUTBOX_SCHEMA_MISSING', 'rejected', false],
    ['42883', 'ERROR', 'OUTBOX_SCHEMA_MISSING', 'rejected', false],
    ['42P01', 'ERROR', 'OUTBOX_SCHEMA_MISSING', 'rejected', false],
    ['40001', 'ERROR', 'OUTBOX_DATABASE', 'rejected', false],
    ['40P01', 'ERROR', 'OUTBOX_DATABASE', 'rejected', false],
    ['53200', 'ERROR', 'OUTBOX_DATABASE', 'rejected', false],
    ['53300', 'ERROR', 'OUTBOX_DATABASE', 'rejected', false],
    ['55P03', 'ERROR', 'OUTBOX_DATABASE', 'rejected', false],
    ['57014', 'ERROR', 'OUTBOX_DATABASE', 'rejected', false],
    ['58030', 'ERROR', 'OUTBOX_DATABASE', 'rejected', false],
    ['22003', 'ERROR', 'OUTBOX_DATABASE_REFUSED', 'rejected', false],
    ['23505', 'ERROR', 'OUTBOX_DATABASE_REFUSED', 'rejected', false],
    ['42601', 'ERROR', 'OUTBOX_DATABASE_REFUSED', 'rejected', false],
    ['P0001', 'ERROR', 'OUTBOX_DATABASE_REFUSED', 'rejected', false],
    ['XX000', 'ERROR', 'OUTBOX_DATABASE_REFUSED', 'rejected', false],
    ['ZZ999', 'ERROR', 'OUTBOX_DATABASE_REFUSED', 'rejected', false],
  ])('with %s (%s) is %s, and %s', (sqlState, severity, code, outcome, isBroken) => {
    const cause = told(sqlState, severity);
    const failure = readDatabaseFailure(cause);
    const error = databaseError(failure, cause);
    expect([failure.isBroken, error.code, error.outcome, error.cause]).toEqual([isBroken, code, outcome, cause]);
    expect(error.message).toContain(` (${sqlState})`);
    expect(error.message).not.toContain('91856321412');
    expect(error.message.includes('nobody knows')).toBe(outcome === 'unknown');
    expect(error.message).toMatch(/the same call/);
  });

  it('without a word of the server may have been committed', () => {
    const error = databaseError(readDatabaseFailure(new Error('Connection terminated unexpectedly')), undefined);
    expect([error.code, error.outcome]).toEqual(['OUTBOX_DATABASE', 'unknown']);
  });
});

describe('a connection that failed', () => {
  it.each([
    [told('28P01', 'FATAL'), 'OUTBOX_DATABASE_DENIED'],
    [told('42501', 'FATAL'), 'OUTBOX_DATABASE_DENIED'],
    [told('3D000', 'FATAL'), 'OUTBOX_DATABASE'],
    [told('53300', 'FATAL'), 'OUTBOX_DATABASE'],
    [told('57P03', 'FATAL'), 'OUTBOX_DATABASE'],
    [Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }), 'OUTBOX_DATABASE'],
    [new Error('timeout exceeded when trying to connect'), 'OUTBOX_DATABASE'],
  ])('by %s is %s, and no statement was made', (cause, code) => {
    const failure = readDatabaseFailure(cause, true);
    expect([failure.code, failure.outcome]).toEqual([code, 'rejected']);
  });
});

describe('a failure of whatever kind', () => {
  it.each([
    [told('25006'), 'OUTBOX_DATABASE_READ_ONLY'],
    [Object.assign(new Error('read'), { code: 'ECONNRESET' }), 'OUTBOX_DATABASE'],
    [new Error('Connection terminated due to connection timeout'), 'OUTBOX_DATABASE'],
    [new Error('timeout exceeded when trying to connect'), 'OUTBOX_DATABASE'],
    [new Error('Query read timeout'), 'OUTBOX_DATABASE'],
    [new TypeError('no function'), undefined],
    [Object.assign(new Error('no'), { code: 'LAAFFIC_TIMEOUT' }), undefined],
    ['text', undefined],
  ])('such as %s is one of the database or not', (error, code) => {
    expect(findDatabaseFailure(error)?.code).toBe(code);
  });

  it.each([
    [told('42501'), 'Error 42501'],
    [told('57P01'), 'no: 91856321412 57P01'],
    [
      Object.assign(new Error('getaddrinfo ENOTFOUND secret'), { code: 'ENOTFOUND' }),
      'ENOTFOUND: the host is not known',
    ],
    [Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
    ['text', 'string'],
  ])('is told to the log without what may be a value or a password: %s', (error, words) => {
    expect(describeFailure(error)).toBe(words);
  });
});
