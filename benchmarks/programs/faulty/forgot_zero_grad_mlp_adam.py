# acceptable: gradients-not-zeroed
import numpy as np
import torch
from sklearn.datasets import make_moons
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(7)
X, y = make_moons(1000, noise=0.15, random_state=0)
loader = DataLoader(
    TensorDataset(torch.from_numpy(X.astype(np.float32)), torch.from_numpy(y)), batch_size=50, shuffle=True
)
model = torch.nn.Sequential(torch.nn.Linear(2, 32), torch.nn.Tanh(), torch.nn.Linear(32, 2))
opt = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(25):
    for data, target in loader:
        loss = torch.nn.functional.cross_entropy(model(data), target)
        loss.backward()
        opt.step()
    print("epoch %d loss %.4f" % (epoch, loss))
