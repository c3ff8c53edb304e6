// Sums up steps that end in Jest, each given as <report>=<exit code>.
import { readFileSync } from 'node:fs';

const counts = process.argv.slice(2).map((step) => {
  const [file, exitCode] = step.split('=');
  return countStep(readReport(file), exitCode === '0');
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

function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return {};
  }
}
