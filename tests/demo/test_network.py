"""The network in numpy against torch."""

import numpy as np
import pytest

from whence.demo.network import DEEP, Network, small


def torch_twin(torch, network):
    """Build the same network in torch, with the same weights."""
    nn = torch.nn
    modules = []
    for layer in network.layers:
        kind = type(layer).__name__
        if kind == "Convolution":
            outputs = len(layer.bias)
            kernel = layer.weights.reshape(3, 3, -1, outputs).transpose(3, 2, 0, 1)
            module = nn.Conv2d(kernel.shape[1], outputs, 3, padding=1)
            module.weight.data = torch.tensor(kernel.copy())
            module.bias.data = torch.tensor(layer.bias.copy())
        elif kind == "Dense":
            grid = next(other.grid for other in network.layers if hasattr(other, "grid"))
            weights = layer.weights.reshape(grid, grid, -1, len(layer.bias))
            module = nn.Linear(len(layer.weights), len(layer.bias))
            columns = weights.transpose(3, 2, 0, 1).reshape(len(layer.bias), -1)
            module.weight.data = torch.tensor(columns.copy())
            module.bias.data = torch.tensor(layer.bias.copy())
            modules.append(nn.Flatten())
        else:
            module = {
                "MaxPool": lambda: nn.MaxPool2d(2),
                "Rectifier": nn.ReLU,
                "AdaptiveAverage": lambda layer=layer: nn.AdaptiveAvgPool2d(layer.grid),
            }[kind]()
        modules.append(module)
    return nn.Sequential(*modules)


def torch_batch(torch, photos):
    return torch.tensor(np.stack(photos).astype(np.float32) / 255 * 4 - 2)[:, None]


@pytest.fixture(scope="module")
def torch():
    module = pytest.importorskip("torch", reason="torch is not installed to check against")
    module.set_num_threads(1)
    return module


@pytest.fixture
def photos():
    random = np.random.default_rng(2)
    return lambda n, *size: list(random.integers(0, 256, (n, *size), np.uint8))


@pytest.mark.parametrize("architecture", [small(7), DEEP])
@pytest.mark.parametrize("size", [(28, 28), (56, 56), (31, 45)])
def test_probabilities_and_gradients_are_torchs(torch, photos, architecture, size):
    network = Network(architecture, 10, 0)
    twin = torch_twin(torch, network)
    batch, labels = photos(6, *size), np.arange(6)
    scores = twin(torch_batch(torch, batch))
    torch.nn.functional.cross_entropy(scores, torch.tensor(labels)).backward()
    expected = torch.softmax(scores, 1).detach().numpy()
    np.testing.assert_allclose(network.probabilities(batch), expected, atol=1e-5)
    found = network.gradients(batch, labels)
    norms = [float(p.grad.norm()) for p in twin.parameters()]
    assert [float(np.linalg.norm(g)) for g in found] == pytest.approx(norms, rel=1e-3)
    first = twin[0].weight.grad.numpy().transpose(2, 3, 1, 0).reshape(9, -1)
    np.testing.assert_allclose(found[0], first, atol=1e-5)


def test_training_takes_adams_steps(torch, photos):
    network = Network(small(7), 10, 0)
    twin = torch_twin(torch, network)
    batch, labels = photos(20, 28, 28), np.arange(20) % 10
    network.fit(batch, labels, 6)
    adam = torch.optim.Adam(twin.parameters(), lr=2e-3)
    for _ in range(6):
        adam.zero_grad()
        scores = twin(torch_batch(torch, batch))
        torch.nn.functional.cross_entropy(scores, torch.tensor(labels)).backward()
        adam.step()
    expected = torch.softmax(twin(torch_batch(torch, batch)), 1).detach().numpy()
    np.testing.assert_allclose(network.probabilities(batch), expected, atol=2e-3)


def test_photos_of_mixed_sizes_are_answered_in_their_order(photos):
    network = Network(small(7), 10, 0)
    mixed = [*photos(2, 28, 28), *photos(1, 56, 56), *photos(2, 28, 28)]
    together = network.probabilities(mixed)
    alone = np.concatenate([network.probabilities([photo]) for photo in mixed])
    np.testing.assert_allclose(together, alone, atol=1e-6)


def test_it_learns_and_a_seed_repeats_it(photos):
    random = np.random.default_rng(0)
    labels = random.integers(0, 2, 200)
    pictures = [
        np.clip(photo // 4 + 120 * np.eye(28)[:: 1 - 2 * label], 0, 255).astype(np.uint8)
        for photo, label in zip(photos(200, 28, 28), labels, strict=True)
    ]
    networks = [
        Network(small(7), 2, 3).fit(pictures[:100], labels[:100], 8).probabilities(pictures[100:])
        for _ in range(2)
    ]
    assert (networks[0].argmax(1) == labels[100:]).mean() > 0.95
    np.testing.assert_array_equal(*networks)
