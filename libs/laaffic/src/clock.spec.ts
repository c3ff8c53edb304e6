import { GatewayClock } from './clock.js';

const AT = Date.parse('2021-09-01T04:00:00.900Z');

describe('GatewayClock', () => {
  it('tells the local time in whole seconds until it has learned better', () => {
    const clock = new GatewayClock(() => AT);
    expect(clock.seconds()).toBe(1630468800);
    expect(clock.offsetMs).toBe(0);
  });

  it('goes by the local clock of the machine where none is given', () => {
    const before = Math.floor(Date.now() / 1000);
    const told = new GatewayClock().seconds();
    expect(told >= before && told <= Math.floor(Date.now() / 1000)).toBe(true);
  });

  it.each([
    ['ahead', 'Wed, 01 Sep 2021 05:00:00 GMT', 1630468800 + 3600],
    ['behind', 'Wed, 01 Sep 2021 03:00:00 GMT', 1630468800 - 3600],
  ])("takes over the gateway's time where that is %s, and keeps running", (_, date, expected) => {
    let now = AT;
    const clock = new GatewayClock(() => now);
    expect(clock.synchronize(date)).toBe(true);
    expect(clock.seconds()).toBe(expected);
    now += 60_000;
    expect(clock.seconds()).toBe(expected + 60);
  });

  it('notes a difference without acting on it', () => {
    const clock = new GatewayClock(() => AT);
    expect(clock.recordServerDate('Wed, 01 Sep 2021 04:10:00 GMT')).toBe(true);
    expect(clock.measuredOffsetMs).toBe(599_600);
    expect(clock.offsetMs).toBe(0);
    expect(clock.seconds()).toBe(1630468800);
  });

  it.each([undefined, '', 'yesterday'])('learns nothing from %j', (date) => {
    const clock = new GatewayClock(() => AT);
    expect(clock.synchronize(date)).toBe(false);
    expect(clock.offsetMs).toBe(0);
  });
});
