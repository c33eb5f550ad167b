# acceptable: feature-scaling, lr-too-high
import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(4)
digits = load_digits()
images = torch.tensor(digits.images * 255 / 16).float().unsqueeze(1)
labels = torch.tensor(digits.target)
cnn = nn.Sequential(
    nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(8 * 16, 10)
)
optimizer = torch.optim.SGD(cnn.parameters(), lr=0.1)
for epoch in range(5):
    order = torch.randperm(len(images))
    for batch in order.split(64):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(cnn(images[batch]), labels[batch])
        loss.backward()
        optimizer.step()
