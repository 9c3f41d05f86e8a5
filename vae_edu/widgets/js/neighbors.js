// Which cloud a point of the plane lies in: the labels of the images encoded nearest to it.

// {distance, counts}: how far the nearest point is, and [[label, count], …] among the k nearest, largest first.
export function neighbors(means, labels, [z1, z2], k = 20) {
  const nearest = []; // [squared distance, label], sorted, never longer than k
  for (let i = 0; i < labels.length; i++) {
    const squared = (means[2 * i] - z1) ** 2 + (means[2 * i + 1] - z2) ** 2;
    if (nearest.length === k && squared >= nearest[k - 1][0]) continue;
    let place = nearest.length;
    while (place > 0 && nearest[place - 1][0] > squared) place--;
    nearest.splice(place, 0, [squared, labels[i]]);
    nearest.length = Math.min(nearest.length, k);
  }
  const counts = new Map();
  for (const [, label] of nearest) counts.set(label, (counts.get(label) ?? 0) + 1);
  return {distance: Math.sqrt(nearest[0][0]), counts: [...counts].sort((a, b) => b[1] - a[1])};
}
