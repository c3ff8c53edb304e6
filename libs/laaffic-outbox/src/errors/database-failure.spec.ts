import { databaseError, describeFailure, findDatabaseFailure, readDatabaseFailure } from './database-failure.js';

/** An error in the form of the server. */
const told = (code: string, severity = 'ERROR') => Object.assign(new Error('no: 91856321412'), { severity, code });

describe('readDatabaseFailure for a failed statement', () => {
  it.each([
    ['08006', 'ERROR', 'OUTBOX_DATABASE_UNAVAILABLE', 'unknown', true],
    ['40003', 'ERROR', 'OUTBOX_DATABASE_UNAVAILABLE', 'unknown', true],
    ['57P01', 'FATAL', 'OUTBOX_DATABASE_UNAVAILABLE', 'unknown', true],
    ['57P02', 'FATAL', 'OUTBOX_DATABASE_UNAVAILABLE', 'unknown', true],
    ['57P05', 'FATAL', 'OUTBOX_DATABASE_UNAVAILABLE', 'unknown', true],
    ['25P03', 'FATAL', 'OUTBOX_DATABASE_UNAVAILABLE', 'unknown', true],
    ['XX000', 'PANIC', 'OUTBOX_DATABASE_UNAVAILABLE', 'unknown', true],
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
    ['40001', 'ERROR', 'OUTBOX_DATABASE_UNAVAILABLE', 'rejected', false],
    ['40P01', 'ERROR', 'OUTBOX_DATABASE_UNAVAILABLE', 'rejected', false],
    ['53200', 'ERROR', 'OUTBOX_DATABASE_UNAVAILABLE', 'rejected', false],
    ['53300', 'ERROR', 'OUTBOX_DATABASE_UNAVAILABLE', 'rejected', false],
    ['55P03', 'ERROR', 'OUTBOX_DATABASE_UNAVAILABLE', 'rejected', false],
    ['57014', 'ERROR', 'OUTBOX_DATABASE_UNAVAILABLE', 'rejected', false],
    ['58030', 'ERROR', 'OUTBOX_DATABASE_UNAVAILABLE', 'rejected', false],
    ['22003', 'ERROR', 'OUTBOX_DATABASE_REJECTED', 'rejected', false],
    ['23505', 'ERROR', 'OUTBOX_DATABASE_REJECTED', 'rejected', false],
    ['42601', 'ERROR', 'OUTBOX_DATABASE_REJECTED', 'rejected', false],
    ['P0001', 'ERROR', 'OUTBOX_DATABASE_REJECTED', 'rejected', false],
    ['XX000', 'ERROR', 'OUTBOX_DATABASE_REJECTED', 'rejected', false],
    ['ZZ999', 'ERROR', 'OUTBOX_DATABASE_REJECTED', 'rejected', false],
  ])('reads %s (%s) as %s with the outcome %s', (sqlState, severity, code, outcome, isBroken) => {
    const cause = told(sqlState, severity);
    const failure = readDatabaseFailure(cause);
    const error = databaseError(failure, cause);
    expect(failure.isBroken).toEqual(isBroken);
    expect(error.code).toEqual(code);
    expect(error.outcome).toEqual(outcome);
    expect(error.cause).toEqual(cause);
    expect(error.message).toContain(` (${sqlState})`);
    expect(error.message).not.toContain('91856321412');
    expect(error.message.includes('it is unknown')).toBe(outcome === 'unknown');
    expect(error.message).toMatch(/the call /);
  });

  it('assumes a possible commit if the server sent no error', () => {
    const error = databaseError(readDatabaseFailure(new Error('Connection terminated unexpectedly')), undefined);
    expect(error.code).toBe('OUTBOX_DATABASE_UNAVAILABLE');
    expect(error.outcome).toBe('unknown');
  });
});

describe('readDatabaseFailure for a failed connection', () => {
  it.each([
    [told('28P01', 'FATAL'), 'OUTBOX_DATABASE_DENIED'],
    [told('42501', 'FATAL'), 'OUTBOX_DATABASE_DENIED'],
    [told('3D000', 'FATAL'), 'OUTBOX_DATABASE_UNAVAILABLE'],
    [told('53300', 'FATAL'), 'OUTBOX_DATABASE_UNAVAILABLE'],
    [told('57P03', 'FATAL'), 'OUTBOX_DATABASE_UNAVAILABLE'],
    [Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }), 'OUTBOX_DATABASE_UNAVAILABLE'],
    [new Error('timeout exceeded when trying to connect'), 'OUTBOX_DATABASE_UNAVAILABLE'],
  ])('reads %s as %s, and no statement ran', (cause, code) => {
    const failure = readDatabaseFailure(cause, true);
    expect(failure.code).toEqual(code);
    expect(failure.outcome).toBe('rejected');
  });
});

describe('findDatabaseFailure and describeFailure', () => {
  it.each([
    [told('25006'), 'OUTBOX_DATABASE_READ_ONLY'],
    [Object.assign(new Error('read'), { code: 'ECONNRESET' }), 'OUTBOX_DATABASE_UNAVAILABLE'],
    [new Error('Connection terminated due to connection timeout'), 'OUTBOX_DATABASE_UNAVAILABLE'],
    [new Error('timeout exceeded when trying to connect'), 'OUTBOX_DATABASE_UNAVAILABLE'],
    [new Error('Query read timeout'), 'OUTBOX_DATABASE_UNAVAILABLE'],
    [new TypeError('no function'), undefined],
    [Object.assign(new Error('no'), { code: 'LAAFFIC_TIMEOUT' }), undefined],
    ['text', undefined],
  ])('tells whether %s comes from a database', (error, code) => {
    expect(findDatabaseFailure(error)?.code).toBe(code);
  });

  it.each([
    [told('42501'), 'Error 42501'],
    [told('57P01'), 'no: 91856321412 57P01'],
    [Object.assign(new Error('getaddrinfo ENOTFOUND secret'), { code: 'ENOTFOUND' }), 'ENOTFOUND: the host is unknown'],
    [Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
    ['text', 'string'],
  ])('describes a failure without possible values or passwords: %s', (error, words) => {
    expect(describeFailure(error)).toBe(words);
  });
});
