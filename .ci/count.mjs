// Sums up steps that end in Jest, each given as <report>=<exit code>, and repeats what failed: the log in between is long.
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

const counts = process.argv.slice(2).map((step) => {
  const [file, exitCode] = step.split('=');
  const report = readReport(file);
  printFailures(report);
  return countStep(report, exitCode === '0');
});
const passed = counts.reduce((sum, count) => sum + count.passed, 0);
const failed = counts.reduce((sum, count) => sum + count.failed, 0);

process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
console.log(`${passed} passed, ${failed} failed`);

function countStep(report, succeeded) {
  const passed = report.numPassedTests ?? 0;
  const failed = (report.numFailedTests ?? 0) + (report.numRuntimeErrorTestSuites ?? 0);
  // A step also fails where no test does: in lint, in the type-check, or because no test was run.
  return { passed, failed: failed === 0 && (!succeeded || passed === 0) ? 1 : failed };
}

function printFailures({ testResults: suites = [] }) {
  for (const { name, message, assertionResults: tests } of suites.filter(({ status }) => status === 'failed')) {
    const failures = tests
      .filter(({ status }) => status === 'failed')
      .map(({ fullName, failureMessages }) => ({ title: fullName, text: failureMessages.join('\n') }));
    for (const { title, text } of failures.length > 0 ? failures : [{ title: 'it could not run', text: message }]) {
      const lines = stripVTControlCharacters(text).split('\n').slice(0, 25);
      console.log(`\nFAILED ${relative('.', name)}: ${title}\n${lines.join('\n')}\n`);
    }
  }
}

function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return {};
  }
}
