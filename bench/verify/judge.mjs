const HOUR_MS = 3_600_000;

/** Another code of the same length. */
export function wrongCode(code) {
  return String((Number(code) + 1) % 10 ** code.length).padStart(code.length, '0');
}

/** How often a right code is approved that is entered a hundred times at once: the mean, and the most. */
export async function approvalsAtOnce(subject, newNumber, rounds) {
  const approvals = [];
  for (let round = 0; round < rounds; round++) {
    const number = newNumber();
    await subject.start(number);
    const code = subject.codeOn(number);
    const answers = await Promise.all(Array.from({ length: 100 }, () => subject.check(number, code)));
    approvals.push(answers.filter((answer) => answer === 'approved').length);
  }
  return { mean: approvals.reduce((sum, one) => sum + one, 0) / rounds, most: Math.max(...approvals) };
}

/** The share of right codes that are approved although two wrong ones are entered at the same time. */
export async function approvalsBesideGuesses(subject, newNumber, rounds) {
  let approved = 0;
  for (let round = 0; round < rounds; round++) {
    const number = newNumber();
    await subject.start(number);
    const code = subject.codeOn(number);
    const answers = await Promise.all([
      subject.check(number, wrongCode(code)),
      subject.check(number, code),
      subject.check(number, wrongCode(code)),
    ]);
    if (answers[1] === 'approved') approved++;
  }
  return approved / rounds;
}

/**
 * How often one number's codes can be guessed.
 * @param codes the number of new codes at most, after the first one.
 * @param advance moves the clock, up to an hour; without it, everything happens at once.
 */
export async function guessesGranted(subject, number, codes, advance) {
  let [guesses, waited] = [0, 0];
  for (let code = 0; code <= codes;) {
    const retryAfterMs = await subject.start(number);
    if (typeof retryAfterMs === 'number') {
      if (advance === undefined || waited + retryAfterMs > HOUR_MS) break;
      advance(retryAfterMs);
      waited += retryAfterMs;
      continue;
    }
    code++;
    const wrong = wrongCode(subject.codeOn(number));
    while ((await subject.check(number, wrong)) === 'wrong') guesses++;
  }
  return guesses;
}
