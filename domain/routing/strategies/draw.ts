import type { Candidate } from "../candidate.ts";

/** One of the candidates, drawn in proportion to their scores, of which one at least is above 0. */
export function draw(candidates: readonly Candidate[], random: () => number): Candidate {
  const last = candidates.length - 1;
  if (last === 0) return candidates[0]!;
  let total = 0;
  for (const { score } of candidates) total += score!;
  let point = random() * total;
  for (let i = 0; i < last; i++) {
    point -= candidates[i]!.score!;
    if (point < 0) return candidates[i]!;
  }
  // Sums of fractions may miss the total by a little; one that has no share is not drawn for that.
  return candidates.findLast(({ score }) => score! > 0) ?? candidates[last]!;
}

/** One of the candidates, drawn by weight. */
export function drawByWeight(candidates: readonly Candidate[], random: () => number): Candidate {
  for (const candidate of candidates) candidate.score = candidate.member.weight;
  return draw(candidates, random);
}
