"""Answers to ch07.posterior_log_var. A wrong one's docstring is what its finding has to say; a right one has none."""

import torch


def right_pixel_by_pixel(decode, z):
    leaf = z.detach().clone().requires_grad_()
    logits = decode(leaf)
    diagonal = torch.zeros_like(z)
    for pixel in range(logits.shape[1]):
        (slope,) = torch.autograd.grad(logits[:, pixel].sum(), leaf, retain_graph=True)
        y = torch.sigmoid(logits[:, pixel : pixel + 1]).detach()
        diagonal = diagonal + y * (1 - y) * slope**2
    return -torch.log(1 + diagonal)


def right_along_each_axis(decode, z):
    columns = []
    for axis in torch.eye(z.shape[1], dtype=z.dtype):
        logits, slope = torch.func.jvp(decode, (z,), (axis.expand_as(z),))
        weight = torch.exp(torch.nn.functional.logsigmoid(logits) + torch.nn.functional.logsigmoid(-logits))
        columns.append(torch.einsum("bd,bd->b", weight, slope**2))
    return torch.log(1 / (1 + torch.stack(columns, 1)))


def right_through_the_whole_matrix(decode, z):
    rows = []
    for point in z.double():
        jacobian = torch.autograd.functional.jacobian(decode.double(), point)
        p = torch.sigmoid(decode(point)).detach()
        rows.append(-torch.log1p(torch.diagonal(jacobian.T @ torch.diag(p * (1 - p)) @ jacobian)))
    decode.to(z.dtype)
    return torch.stack(rows).to(z.dtype)


def _parts(decode, z):
    logits = decode(z).detach()
    jacobian = torch.func.vmap(torch.func.jacrev(decode))(z)
    p = torch.sigmoid(logits).unsqueeze(-1)
    return p, p * (1 - p), jacobian


def whole_matrix_inverted(decode, z):
    """wrong value: the whole matrix I + F was inverted"""
    _, weight, jacobian = _parts(decode, z)
    precision = torch.eye(z.shape[1], dtype=z.dtype) + jacobian.mT @ (weight * jacobian)
    return torch.linalg.inv(precision).diagonal(dim1=1, dim2=2).log()


def turned_sign(decode, z):
    """wrong value: the logarithm of the precision"""
    _, weight, jacobian = _parts(decode, z)
    return torch.log1p((weight * jacobian**2).sum(1))


def variance(decode, z):
    """wrong value: the variance was returned, not its logarithm"""
    _, weight, jacobian = _parts(decode, z)
    return 1 / (1 + (weight * jacobian**2).sum(1))


def log_sigma(decode, z):
    """wrong value: log σ was returned"""
    _, weight, jacobian = _parts(decode, z)
    return -0.5 * torch.log1p((weight * jacobian**2).sum(1))


def no_prior(decode, z):
    """wrong value: the prior's own precision, is missing"""
    _, weight, jacobian = _parts(decode, z)
    return -torch.log((weight * jacobian**2).sum(1))


def no_weights(decode, z):
    """wrong value: the weights p(1 - p) are missing"""
    _, _, jacobian = _parts(decode, z)
    return -torch.log1p((jacobian**2).sum(1))


def pullback_metric(decode, z):
    """wrong value: pixels took the place of logits"""
    jacobian = torch.func.vmap(torch.func.jacrev(lambda z: torch.sigmoid(decode(z))))(z)
    return -torch.log1p((jacobian**2).sum(1))


def divided_by_the_weights(decode, z):
    """wrong value: divided by p(1 - p), not multiplied"""
    _, weight, jacobian = _parts(decode, z)
    return -torch.log1p((jacobian**2 / weight).sum(1))


def saturated_pixels_spoil_it(decode, z):
    """wrong value: A pixel with p = 0 or p = 1 adds 0 to F"""
    _, weight, _ = _parts(decode, z)
    jacobian = torch.func.vmap(torch.func.jacrev(lambda z: torch.sigmoid(decode(z))))(z)
    return -torch.log1p((jacobian**2 / weight).sum(1))


def weight_without_its_other_half(decode, z):
    """wrong value: the weights are p, not p(1 - p)"""
    p, _, jacobian = _parts(decode, z)
    return -torch.log1p((p * jacobian**2).sum(1))


def squared_too_late(decode, z):
    """wrong value: the derivatives were added up before they were squared"""
    _, weight, jacobian = _parts(decode, z)
    return -torch.log1p((weight.sqrt() * jacobian).sum(1) ** 2)


def mean_over_pixels(decode, z):
    """wrong value: the mean over the pixels was taken"""
    _, weight, jacobian = _parts(decode, z)
    return -torch.log1p((weight * jacobian**2).mean(1))


def one_width_for_all(decode, z):
    """wrong value: F was added up over the latents"""
    _, weight, jacobian = _parts(decode, z)
    return -torch.log1p((weight * jacobian**2).sum((1, 2))).unsqueeze(1).expand(z.shape)


def row_sums(decode, z):
    """wrong value: the row sums of F were taken"""
    _, weight, jacobian = _parts(decode, z)
    return -torch.log1p((jacobian.mT @ (weight * jacobian)).sum(-1))


def whole_matrix(decode, z):
    """wrong type or shape: its diagonal is asked for"""
    _, weight, jacobian = _parts(decode, z)
    return -torch.log1p(jacobian.mT @ (weight * jacobian))


def wrong_axis(decode, z):
    """wrong type or shape: posterior_log_var returned the shape"""
    _, weight, jacobian = _parts(decode, z)
    return -torch.log1p((weight * jacobian**2).sum(2))


def at_the_origin(decode, z):
    """wrong value: posterior_log_var returned wrong values"""
    _, weight, jacobian = _parts(decode, 0 * z)
    return -torch.log1p((weight * jacobian**2).sum(1))


def difference_quotients(decode, z):
    """wrong value: posterior_log_var returned wrong values"""
    _, weight, _ = _parts(decode, z)
    steps = [(decode(z + 0.1 * axis) - decode(z)) / 0.1 for axis in torch.eye(z.shape[1], dtype=z.dtype)]
    return -torch.log1p((weight * torch.stack(steps, -1) ** 2).sum(1))


def through_backward(decode, z):
    """wrong value: .backward() adds to its parameters' .grad"""
    leaf = z.detach().clone().requires_grad_()
    diagonal = torch.zeros_like(z)
    for pixel in range(decode(z).shape[1]):
        leaf.grad = None
        logits = decode(leaf)[:, pixel]
        logits.sum().backward()
        p = torch.sigmoid(logits).detach().unsqueeze(1)
        diagonal += p * (1 - p) * leaf.grad**2
    return -torch.log1p(diagonal)


def hard_coded(decode, z):
    """wrong type or shape: posterior_log_var returned the shape (1, 2)"""
    return torch.tensor([[-1.658228, -0.223144]], dtype=z.dtype)


def float32_inside(decode, z):
    """wrong type or shape: keep the dtype"""
    _, weight, jacobian = _parts(decode, z)
    return -torch.log1p((weight * jacobian**2).sum(1).float())
