"""Training loops as people write them, for the tests of the engine."""

LOOPS = """
    import sys

    import keras
    import numpy as np
    import tensorflow as tf


    def document(model, train_dataset, val_dataset, epochs, callbacks, **kwargs):
        for epoch in range(epochs):
            for images, labels in train_dataset:
                step(model, images, labels)


    def step(model, images, labels):
        with tf.GradientTape() as tape:
            scores = model(images, training=True)
            loss = tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(labels, scores))
        weights = model.trainable_variables
        model.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))
        return loss


    def graph(model, train_dataset, val_dataset, epochs, callbacks, **kwargs):
        @tf.function
        def one_epoch():
            for images, labels in train_dataset:
                step(model, images, labels)

        for epoch in range(epochs):
            one_epoch()


    def mapped(model, train_dataset, val_dataset, epochs, callbacks, **kwargs):
        data = train_dataset.map(lambda images, labels: (tf.cast(images, tf.float32), labels))
        for epoch in range(epochs):
            for number, (images, labels) in data.enumerate():
                step(model, images, labels)


    def calling(model, train_dataset, val_dataset, epochs, callbacks, each=False, **kwargs):
        callbacks.on_train_begin()
        for epoch in range(epochs):
            callbacks.on_epoch_begin(epoch)
            losses = []
            for number, (images, labels) in enumerate(train_dataset):
                losses.append(float(step(model, images, labels)))
                callbacks.on_train_batch_end(number, {"loss": np.mean(losses)})
            logs = {"loss": np.mean(losses), "val_loss": 10.0 - epoch}
            if each:
                for callback in callbacks:
                    callback.on_epoch_end(epoch, logs)
            else:
                callbacks.on_epoch_end(epoch, logs)
            if model.stop_training:
                break
        callbacks.on_train_end()


    def compiled(model, train_dataset, val_dataset, epochs, callbacks, **kwargs):
        return model.fit(train_dataset, validation_data=val_dataset, epochs=epochs, callbacks=callbacks, verbose=0)


    def plain_fit(model, train_dataset, val_dataset, epochs, callbacks, **kwargs):
        model.fit(train_dataset, epochs=epochs, verbose=0)


    def reporting(model, train_dataset, val_dataset, epochs, callbacks, context, offset=0.0, **kwargs):
        context.log(f"from {context.initial_epoch} by {context.learning_rate:.3g}, {context.steps_per_epoch} steps")
        for epoch in range(epochs):
            for images, labels in train_dataset.take(2):
                loss = step(model, images, labels)
            context.report({"loss": loss, "val_loss": offset - epoch, "val_mine": tf.constant(epoch)}, epoch)
            if context.stop_requested:
                break


    def peeking(model, train_dataset, val_dataset, epochs, callbacks, **kwargs):
        images, labels = next(iter(train_dataset))
        model(images)
        print("seen", len(train_dataset), sum(len(labels) for _, labels in train_dataset))
        document(model, train_dataset, val_dataset, epochs, callbacks)
        model.evaluate(train_dataset, verbose=0)


    def own_optimizer(model, train_dataset, val_dataset, epochs, callbacks, **kwargs):
        optimizer = keras.optimizers.SGD(0.01)
        for epoch in range(epochs):
            for images, labels in train_dataset:
                with tf.GradientTape() as tape:
                    loss = model.compute_loss(y=labels, y_pred=model(images, training=True))
                optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)


    def endless(model, train_dataset, val_dataset, epochs, callbacks, **kwargs):
        while True:
            for images, labels in train_dataset:
                step(model, images, labels)


    def swallowing(model, train_dataset, val_dataset, epochs, callbacks, **kwargs):
        for epoch in range(epochs):
            try:
                for images, labels in train_dataset:
                    step(model, images, labels)
            except Exception as error:
                raise RuntimeError("my own error instead") from error


    def idle(model, train_dataset, val_dataset, epochs, callbacks, **kwargs):
        return {"loss": [0.0]}


    def early(model, train_dataset, val_dataset, epochs, callbacks, **kwargs):
        for images, labels in train_dataset:
            step(model, images, labels)
        return {"loss": [0.75], "val_loss": [0.5]}


    def failing(model, train_dataset, val_dataset, epochs, callbacks, **kwargs):
        for epoch in range(epochs):
            for number, (images, labels) in enumerate(train_dataset):
                step(model, images, labels)
                if (epoch, number) == (2, 1):
                    raise KeyError("third epoch")


    def exiting(model, train_dataset, val_dataset, epochs, callbacks, **kwargs):
        document(model, train_dataset, val_dataset, 1, callbacks)
        sys.exit(4)


    def diverging(model, train_dataset, val_dataset, epochs, callbacks, context, **kwargs):
        for epoch in range(epochs):
            for images, labels in train_dataset:
                step(model, images, labels)
            context.report({"loss": float("nan") if epoch else 1.0})


    def misreporting(model, train_dataset, val_dataset, epochs, callbacks, context, **kwargs):
        document(model, train_dataset, val_dataset, 1, callbacks)
        context.report([0.5])


    def without_callbacks(model, train_dataset, val_dataset, epochs):
        pass


    class Loop:
        def __init__(self, times=1):
            self.times = times

        def __call__(self, model, train_dataset, val_dataset, epochs, callbacks):
            for epoch in range(epochs):
                for images, labels in train_dataset:
                    for _ in range(self.times):
                        step(model, images, labels)
"""

DISTRIBUTED_LOOP = """
    import keras
    import tensorflow as tf


    def distributed(model, train_dataset, val_dataset, epochs, callbacks, context, **kwargs):
        strategy = context.strategy
        loss_of = keras.losses.SparseCategoricalCrossentropy(reduction="none")
        batches = strategy.experimental_distribute_dataset(train_dataset)

        def replica_step(images, labels, batch_size):
            with tf.GradientTape() as tape:
                each = loss_of(labels, model(images, training=True))
                loss = tf.reduce_sum(each) / batch_size
            weights = model.trainable_variables
            model.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))
            return tf.reduce_sum(each)

        @tf.function
        def step(batch):
            images, labels = batch
            counts = strategy.run(lambda labels: tf.cast(tf.shape(labels)[0], tf.float32), args=(labels,))
            batch_size = strategy.reduce("SUM", counts, axis=None)
            return strategy.reduce("SUM", strategy.run(replica_step, args=(images, labels, batch_size)), axis=None)

        for epoch in range(epochs):
            total = 0.0
            for batch in batches:
                total += float(step(batch))
            loss = total / 50
            context.log(f"loss {loss:.9f}")
            context.report({"loss": loss})
"""
