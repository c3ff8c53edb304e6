// npm run chaos [-- --small] [-- part of a scenario's name]: kills and freezes workers, falsifies responses, and then
// counts.
import { parseArgs } from 'node:util';
import { runScenario } from './scenario.mjs';
import { SCENARIOS, small } from './scenarios.mjs';

const { values, positionals } = parseArgs({
  options: { small: { type: 'boolean' }, json: { type: 'boolean' }, verbose: { type: 'boolean' } },
  allowPositionals: true,
});
const named = positionals.join(' ');
const wanted = Object.entries(SCENARIOS).filter(([name]) =>
  named in SCENARIOS ? name === named : name.includes(named),
);
if (wanted.length === 0) throw new Error(`No scenario is called so; there are: ${Object.keys(SCENARIOS).join('; ')}`);

let problems = 0;
for (const [name, scenario] of wanted) {
  if (!values.json) console.log(`\n${name}`);
  const result = await runScenario(values.small ? small(scenario) : scenario, values.verbose ? console.log : undefined);
  console.log(values.json ? JSON.stringify(result) : result);
  problems += result.problems.length;
}
if (!values.json) console.log(problems === 0 ? '\nNone lost, none doubled.' : `\n${problems} promises were broken.`);
process.exit(problems === 0 ? 0 : 1);
